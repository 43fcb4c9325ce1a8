// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/net/testing/host_harness.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include "src/boundary/testing/serve_request.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/vfs/file_reclaim.h"
#include "src/enclave/kernel/cpu_time.h"
#include "src/enclave/vfs/host_open.h"
#include "src/enclave/vfs/namespace.h"

namespace cloister::testing {
thread_local void (*host_hook)(const HostBlockView& block) = nullptr;
std::atomic<std::uint64_t> host_call_total{0}, exit_total{0};
std::atomic<bool> has_ticks{false};

namespace {
constexpr int kSetGs = 0x1001;

kernel::Process& test_process() {
  static kernel::Process* const process = [] {  // never ends: it would need its last thread
    auto manifest = std::make_shared<LaunchManifest>();
    manifest->insecure_host_paths = {"/"};
    return new kernel::Process(static_cast<std::uint32_t>(getpid()), manifest);
  }();
  return *process;
}

struct TestThread {
  TestThread() {
    void* const block = mmap(nullptr, kHostBlockSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    thread = new core::Thread{};
    thread->self = thread;
    thread->host_block = core::HostAddress(reinterpret_cast<std::uint64_t>(block));
    syscall(SYS_arch_prctl, kSetGs, thread);
    task = new kernel::Task(test_process(), static_cast<std::uint32_t>(gettid()));
    task->thread = thread;
    thread->task = task;
  }
  ~TestThread() {
    delete task;
    munmap(reinterpret_cast<void*>(thread->host_block.word()), kHostBlockSize);
    syscall(SYS_arch_prctl, kSetGs, 0);
    delete thread;
  }
  core::Thread* thread;
  kernel::Task* task;
};
}  // namespace

kernel::Task& current_task() {
  thread_local TestThread self;
  return *self.task;
}
}  // namespace cloister::testing

using namespace cloister;

namespace {
std::uint64_t serve_call(std::uint64_t number, std::uint64_t* arguments) {
  if (number == static_cast<std::uint64_t>(HostService::start_ticks))
    return testing::has_ticks ? 0 : static_cast<std::uint64_t>(-EAGAIN);
  ++testing::host_call_total;
  std::uint64_t result;
  register std::uint64_t r10 asm("r10") = arguments[3];
  register std::uint64_t r8 asm("r8") = arguments[4];
  register std::uint64_t r9 asm("r9") = arguments[5];
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  if (testing::host_hook != nullptr) testing::host_hook({number, arguments, &result});
  return result;
}
}  // namespace

// The host's side of an exit: what host_stub.S does.
extern "C" void host_call_transfer() {
  auto* const block = reinterpret_cast<HostBlock*>(core::current_thread()->host_block.word());
  const std::uint64_t number = block->number & ~kHostCallFlags;
  ++testing::exit_total;
  if (number == static_cast<std::uint64_t>(HostService::report_lie) ||
      number == static_cast<std::uint64_t>(HostService::fail)) {
    std::fprintf(stderr, "%.*s", static_cast<int>(block->args[1]),
                 reinterpret_cast<const char*>(block) + kHostBlockBounceOffset);
    _exit(number == static_cast<std::uint64_t>(HostService::report_lie) ? 120 : 121);
  }
  testing::serve_request(*block, serve_call);
}
extern "C" {
std::uint8_t core_stopped;
}

extern "C" std::uint64_t core_read_tsc() { return 0; }

namespace cloister::core {
std::uint64_t monotonic_now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}
std::uint64_t realtime_now() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}
std::uint64_t boottime_now() { return monotonic_now(); }

// Program memory is ours. Null stands for what is not mapped.
bool copy_from_program(void* to, std::uint64_t from, std::size_t size) {
  if (from < 4096 && size > 0) return false;
  std::memcpy(to, reinterpret_cast<const void*>(from), size);
  return true;
}
bool copy_to_program(std::uint64_t to, const void* from, std::size_t size) {
  if (to < 4096 && size > 0) return false;
  std::memcpy(reinterpret_cast<void*>(to), from, size);
  return true;
}
bool zero_program(std::uint64_t to, std::size_t size) {
  if (to < 4096 && size > 0) return false;
  std::memset(reinterpret_cast<void*>(to), 0, size);
  return true;
}
long copy_string_from_program(char* to, std::uint64_t from, std::size_t size) {
  const std::size_t length = strnlen(reinterpret_cast<const char*>(from), size);
  if (length == size) return -ENAMETOOLONG;
  std::memcpy(to, reinterpret_cast<const void*>(from), length + 1);
  return static_cast<long>(length + 1);
}
}  // namespace cloister::core

namespace cloister::kernel {
class ProcessTimers {};

Process::Process(std::uint32_t id, std::shared_ptr<const LaunchManifest> instance)
    : pid(id), manifest(std::move(instance)), last_task_id_(id) {
  limits.fill({1024, 1 << 16});
  char directory[4096];
  working_directory = getcwd(directory, sizeof directory);
}
Process::~Process() = default;
AddressSpace::~AddressSpace() = default;
struct AddressSpace::Implementation {};

Task::Task(Process& owner, std::uint32_t id) : process(owner) {
  tid = id;
  tgid = owner.pid;
  descriptors = owner.descriptors.core_table();
  vfs::add_hazard_owner(*this);
}
Task::~Task() { vfs::remove_hazard_owner(*this); }

std::uint64_t process_cpu_time(Process&) { return 0; }
std::uint64_t task_cpu_time(const Task&) { return 0; }
Task* Process::find_task(std::uint32_t) { return nullptr; }

void raise_signal(Task&, int signal) { raise(signal); }
Result<void> begin_temporary_mask(Task&, ProgramAddress, std::uint64_t) { return {}; }
void end_temporary_mask(Task&, Wait) {}
}  // namespace cloister::kernel

namespace cloister::vfs {
Result<FileRef> open_host_path(std::string, std::uint32_t, std::uint32_t, std::vector<DirectoryEntry>) {
  return Error::from_errno(ENAMETOOLONG);
}
void release_description_locks(OpenFile&) {}
void release_process_locks(OpenFile&) {}
Result<std::string> Namespace::host_path(Task&, const std::string& base, const std::string& path) {
  return path.starts_with('/') ? path : base + "/" + path;
}
}  // namespace cloister::vfs
