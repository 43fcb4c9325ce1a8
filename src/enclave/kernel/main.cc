// SPDX-License-Identifier: Apache-2.0
// The runtime's main: the kernel comes up, reads the measured manifest, and becomes the program's first task.
#include <malloc.h>
#include <sys/stat.h>
#include <cstdio>
#include <cstring>
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/dispatch.h"
#include "src/enclave/core/exception.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/program_state.h"
#include "src/enclave/core/start.h"
#include "src/enclave/kernel/extended_state.h"
#include "src/enclave/kernel/extended_state.h"
#include "src/enclave/kernel/process_end.h"
#include "src/enclave/kernel/program_faults.h"
#include "src/enclave/kernel/signal_delivery.h"
#include "src/enclave/kernel/statistics.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/loader/start_program.h"
#include "src/enclave/syscalls/dispatch.h"
#include "src/enclave/vfs/host_open.h"
#include "src/enclave/vfs/namespace.h"

namespace cloister::kernel {
namespace {
constexpr int kCannotRun = 126, kNotFound = 127;
enum HostFlags : std::uint64_t { kHostTrace = 1, kHostStatistics = 2, kHostClosedStream = 1 << 8 };
constexpr unsigned kHostFileModeMaskShift = 16;

[[noreturn]] void give_up(const std::string& why, int status) {
  const std::string line = "cloister: " + why + "\n";
  core::print_to_host(core::PrintStream::error, line.data(), line.size());
  core::host_call(HostCall::exit_group, static_cast<std::uint64_t>(status));
  __builtin_unreachable();
}

std::shared_ptr<const LaunchManifest> read_manifest() {
  std::uint64_t size;
  std::memcpy(&size, reinterpret_cast<const void*>(layout::kManifestBase), sizeof size);
  if (size > layout::kManifestMaxSize - 8) give_up("the launch manifest is damaged", kCannotRun);
  auto manifest = decode_manifest({reinterpret_cast<const std::uint8_t*>(layout::kManifestBase) + 8, size});
  if (!manifest.ok()) give_up(manifest.error().what(), kCannotRun);
  return std::make_shared<const LaunchManifest>(std::move(manifest).take());
}

// The host's strings are used only for what the manifest leaves to the host.
struct HostStrings {
  std::string directory;
  std::vector<std::string> arguments, environment;
};
HostStrings read_host_strings() {
  HostStrings strings;
  const char* at = core::start_strings;
  const char* const end = at + core::start_parameters.strings_size;
  auto next = [&]() -> std::string {
    if (at >= end) return {};
    const std::string text(at);
    at += text.size() + 1;
    return text;
  };
  strings.directory = next();
  for (std::uint64_t i = 0; i < core::start_parameters.argument_count && at < end; ++i)
    strings.arguments.push_back(next());
  for (std::uint64_t i = 0; i < core::start_parameters.environment_count && at < end; ++i)
    strings.environment.push_back(next());
  return strings;
}

std::vector<std::string> make_environment(const LaunchManifest& manifest, const HostStrings& host) {
  std::vector<std::string> environment;
  for (const std::string& entry : manifest.environment) {
    if (entry.find('=') != std::string::npos) {
      environment.push_back(entry);
      continue;
    }
    for (const std::string& offered : host.environment)
      if (offered.compare(0, entry.size() + 1, entry + "=") == 0) environment.push_back(offered);
  }
  return environment;
}

void set_identity(Process& process, const LaunchManifest& manifest) {
  const HostStrings host = read_host_strings();
  process.arguments = (manifest.flags & kInsecureHostArguments) != 0 ? host.arguments : manifest.arguments;
  if (process.arguments.empty()) process.arguments = {manifest.program};
  process.environment = make_environment(manifest, host);
  if ((manifest.flags & kInsecureHostDirectory) != 0 && !host.directory.empty() && host.directory.front() == '/')
    process.working_directory = host.directory;
  process.executable_path = manifest.program;
  const std::string base = manifest.program.substr(manifest.program.rfind('/') + 1);
  std::strncpy(process.name.data(), base.c_str(), process.name.size() - 1);
}

void follow_host_wishes() {
  const std::uint64_t flags = core::start_parameters.host_flags;
  if ((flags & kHostStatistics) != 0) request_statistics();
  if ((flags & kHostTrace) != 0 && (core::enclave_attributes & sgx::kAttributeDebug) != 0) core::trace_calls = true;
}

bool resolve_program_fault(std::uint64_t address, core::Access access) {
  return current_task()->process.memory->resolve_fault(address, access) == FaultResult::resolved;
}

void install_standard_streams(Process& process) {
  const std::uint64_t flags = core::start_parameters.host_flags;
  process.file_mode_mask = static_cast<std::uint32_t>(flags >> kHostFileModeMaskShift & 0777);
  for (int number = 0; number < 3; ++number) {
    if ((flags & (std::uint64_t{kHostClosedStream} << number)) != 0) continue;
    auto stream = vfs::adopt_standard_stream(number);
    if (!stream.ok()) continue;
    if (!process.descriptors.install_at(std::move(stream).take(), number, CloseOnExec::no).ok()) ENCLAVE_CHECK(false);
  }
}
}  // namespace

[[noreturn]] void run() {
  // One arena: kernel calls are short, and arenas cost address space and memory.
  mallopt(M_ARENA_MAX, 1);
  const auto manifest = read_manifest();
  core::set_page_limit(manifest->heap_size / layout::kPageSize);
  auto* process = new Process(static_cast<std::uint32_t>(core::start_parameters.host_pid & 0x3f'ffff), manifest);
  AddressSpace::Options options;
  if ((manifest->flags & kInsecureDynamicCode) != 0) options.dynamic_code = DynamicCode::allowed;
  options.memory_size = ~0ULL;
  process->memory = std::make_shared<AddressSpace>(options);
  auto* task = new Task(*process, process->pid);
  task->attach(core::current_thread());
  process->files = std::make_shared<vfs::Namespace>(manifest);
  set_identity(*process, *manifest);
  task->name = process->name;
  install_standard_streams(*process);
  follow_host_wishes();
  core::kernel_dispatch = syscalls::dispatch;
  core::exception_handler = handle_exception;
  core::work_handler = handle_work;
  core::fault_resolver = resolve_program_fault;
  call_at_end(print_statistics);

  core::ProgramContext context;
  if (const auto prepared = loader::prepare_program(*task, &context); !prepared.ok()) {
    const char* const why =
        *prepared.error().what() != '\0' ? prepared.error().what() : strerror(prepared.error().errno_value());
    give_up(manifest->program + ": " + why, prepared.error().errno_value() == ENOENT ? kNotFound : kCannotRun);
  }
  core::current_thread()->program_fs = 0;
  set_initial_extended_state(core::current_thread()->xsave_area);
  set_initial_extended_state(core::current_thread()->xsave_area);
  core::run_program(&context);
  ENCLAVE_CHECK(!"the first task came back");
  __builtin_unreachable();
}
}  // namespace cloister::kernel

int main() { cloister::kernel::run(); }
