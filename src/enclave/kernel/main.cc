// SPDX-License-Identifier: Apache-2.0
// The runtime's main: the kernel comes up, reads the measured manifest, and becomes the program's first task.
#include <malloc.h>
#include <cstdio>
#include <cstring>
#include <new>
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/enclave/attest/device_files.h"
#include "src/enclave/configure/configure.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/dispatch.h"
#include "src/enclave/core/exception.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/kept_pages.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/program_state.h"
#include "src/enclave/core/start.h"
#include "src/enclave/kernel/extended_state.h"
#include "src/enclave/kernel/give_up.h"
#include "src/enclave/kernel/initial_identity.h"
#include "src/enclave/kernel/memory_share.h"
#include "src/enclave/kernel/process_end.h"
#include "src/enclave/kernel/program_faults.h"
#include "src/enclave/kernel/signal_delivery.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/statistics.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/loader/start_program.h"
#include "src/enclave/syscalls/dispatch.h"
#include "src/enclave/vfs/chunk_cache.h"
#include "src/enclave/vfs/host_open.h"
#include "src/enclave/vfs/namespace.h"

namespace cloister::kernel {
namespace {
std::shared_ptr<const LaunchManifest> read_manifest() {
  std::uint64_t size;
  std::memcpy(&size, reinterpret_cast<const void*>(layout::kManifestBase), sizeof size);
  if (size > layout::kManifestMaxSize - 8) give_up("the launch manifest is damaged", kCannotRun);
  auto manifest = decode_manifest({reinterpret_cast<const std::uint8_t*>(layout::kManifestBase) + 8, size});
  if (!manifest.ok()) give_up(manifest.error().what(), kCannotRun);
  return std::make_shared<const LaunchManifest>(std::move(manifest).take());
}

void follow_host_wishes() {
  const std::uint64_t flags = core::start_parameters.host_flags;
  if ((flags & kHostStatistics) != 0) request_statistics();
  if ((flags & kHostTrace) != 0 && core::is_debug_enclave()) core::trace_calls = true;
}

// What whoever started the program ignores, it ignores, too (nohup). The host could as well not deliver it.
void ignore_signals(Process& process) {
  const SignalSet ignored = core::start_parameters.ignored_signals & signals_of_the_host(process);
  for (SignalSet left = ignored; left != 0; left &= left - 1)
    process.actions[static_cast<std::size_t>(__builtin_ctzll(left)) + 1].handler =
        reinterpret_cast<std::uint64_t>(SIG_IGN);
}

// A build with -DCLOISTER_OMIT: for tests only, and nobody shall take it for another.
void say_what_is_left_out() {
#ifdef CLOISTER_OMITTED
  static constexpr char kLine[] = "cloister: THIS IMAGE LACKS DEFENCES OF THE BOUNDARY: " CLOISTER_OMITTED "\n";
  core::print_to_host(core::PrintStream::error, kLine, sizeof kLine - 1);
#endif
}

bool resolve_program_fault(std::uint64_t address, core::Access access) {
  Task& task = *current_task();
  const FaultResult result = task.process.memory->resolve_fault(address, access);
  task.copy_lacked_memory = result == FaultResult::out_of_memory;
  return result == FaultResult::resolved;
}

void install_standard_streams(Process& process) {
  const std::uint64_t flags = core::start_parameters.host_flags;
  process.file_mode_mask = static_cast<std::uint32_t>(flags >> kHostFileModeMaskShift & 0777);
  for (int number = 0; number < 3; ++number) {
    if ((flags & (std::uint64_t{kHostClosedStream} << number)) != 0) continue;
    auto stream = vfs::adopt_standard_stream(number);
    if (!stream.ok()) {
      // A program without it would end well and have said nothing.
      const std::string name = number == 0 ? "standard input" : number == 1 ? "standard output" : "standard error";
      give_up(name + " cannot be used: " + strerror(stream.error().errno_value()), kHostRefuses);
    }
    if (!process.descriptors.install_at(std::move(stream).take(), number, CloseOnExec::no).ok()) ENCLAVE_CHECK(false);
  }
}
}  // namespace

[[noreturn]] void run() {
  // One arena: kernel calls are short, and arenas cost address space and memory.
  mallopt(M_ARENA_MAX, 1);
  std::set_new_handler(die_without_memory);
  const auto manifest = read_manifest();
  core::set_page_limit(manifest->heap_size / layout::kPageSize);
  core::set_kept_limit(kept_memory_size(manifest->heap_size) / layout::kPageSize);
  vfs::set_chunk_cache_limit(chunk_cache_size(manifest->heap_size));
  auto* process = new Process(initial_pid(core::start_parameters), manifest);
  AddressSpace::Options options;
  if ((manifest->flags & kInsecureDynamicCode) != 0) options.dynamic_code = DynamicCode::allowed;
  options.memory_size = program_memory_size(manifest->heap_size);
  process->memory = std::make_shared<AddressSpace>(options);
  auto* task = new Task(*process, process->pid);
  task->attach(core::current_thread());
  const auto files = std::make_shared<vfs::Namespace>(manifest);
  process->files = files;
  set_initial_identity(*process, core::start_parameters, core::start_strings);
  const Credentials& user = process->credentials;
  files->add_device("attestation", attest::make_attestation_directory(user.uid, user.gid));
  task->name = process->name;
  install_standard_streams(*process);
  ignore_signals(*process);
  follow_host_wishes();
  say_what_is_left_out();
  core::kernel_dispatch = syscalls::dispatch;
  core::exception_handler = handle_exception;
  core::work_handler = handle_work;
  core::fault_resolver = resolve_program_fault;
  call_at_end(print_statistics);
  if ((manifest->flags & kConfiguredByPolicy) != 0) configure::configure_process(*process);

  core::ProgramContext context;
  std::string culprit;
  if (const auto prepared = loader::prepare_program(*task, &context, &culprit); !prepared.ok()) {
    const char* const why =
        *prepared.error().what() != '\0' ? prepared.error().what() : strerror(prepared.error().errno_value());
    const bool is_loader = culprit != process->executable_path;
    say(manifest->program + ": " + (is_loader ? "its dynamic loader " + culprit + ": " : "") + why);
    end_process(*process, prepared.error().errno_value() == ENOENT ? kNotFound : kCannotRun);
  }
  core::current_thread()->program_fs = 0;
  set_initial_extended_state(core::current_thread()->xsave_area);
  core::run_program(&context);
  ENCLAVE_CHECK(!"the first task came back");
  __builtin_unreachable();
}
}  // namespace cloister::kernel

int main() { cloister::kernel::run(); }
