// SPDX-License-Identifier: Apache-2.0
#include "tests/adversary/tracee.h"
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include "tests/adversary/symbols.h"

namespace cloister::adversary {
namespace {
constexpr int kHardwareBreakpoint = 4;  // TRAP_HWBKPT

// A thread that was stopped and has been killed since; its end is still to be waited for.
struct ThreadIsGone {};
[[noreturn]] void fail(const char* what) {
  if (errno == ESRCH) throw ThreadIsGone();
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}
void* debug_register(unsigned number) {
  return reinterpret_cast<void*>(offsetof(struct user, u_debugreg) + number * sizeof(long));
}

// The kernel leaves AC as it is in a handler, and the host part's handler is ordinary C++.
void clear_alignment_check(pid_t thread) {
  user_regs_struct registers{};
  if (ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0 || (registers.eflags & kAlignment) == 0) return;
  registers.eflags &= ~kAlignment;
  ptrace(PTRACE_SETREGS, thread, nullptr, &registers);
}
}  // namespace

Tracee::Tracee(const std::vector<std::string>& command) : path_(command.front()) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  pipe_ = ends[0];
  fcntl(pipe_, F_SETFL, O_NONBLOCK);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) {
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, 0);
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(ends[1]);
  int status;
  if (waitpid(pid_, &status, 0) != pid_ || !WIFSTOPPED(status)) fail("execve");
  if (ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL) != 0) fail("PTRACE_SETOPTIONS");
  memory_ = open(("/proc/" + std::to_string(pid_) + "/mem").c_str(), O_RDWR | O_CLOEXEC);
  if (memory_ < 0) fail("/proc/PID/mem");
}

Tracee::~Tracee() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    // The first thread's end is reported when those of all others have been waited for.
    for (pid_t thread = 0; thread != pid_ && (thread >= 0 || errno == EINTR);) thread = waitpid(-1, nullptr, __WALL);
  }
  close(memory_);
  close(pipe_);
}

std::uint64_t Tracee::load_base() const {
  std::ifstream auxv("/proc/" + std::to_string(pid_) + "/auxv", std::ios::binary);
  for (Elf64_auxv_t entry; auxv.read(reinterpret_cast<char*>(&entry), sizeof entry);)
    if (entry.a_type == AT_ENTRY) return entry.a_un.a_val - elf_entry(path_);
  throw std::runtime_error("no AT_ENTRY");
}

void Tracee::limit(std::chrono::milliseconds time) { end_ = std::chrono::steady_clock::now() + time; }
void Tracee::end() { kill(pid_, SIGKILL); }

void Tracee::drain() {
  char buffer[4096];
  for (ssize_t size; (size = read(pipe_, buffer, sizeof buffer)) > 0;)
    output_.append(buffer, static_cast<std::size_t>(size));
}

int Tracee::run(const OnThread& on_thread, const OnBreakpoint& on_breakpoint, unsigned seconds) {
  limit(std::chrono::seconds(seconds));
  breakpoints_[pid_] = {};
  on_thread(*this, pid_);
  ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
  for (unsigned idle = 0;;) {
    int status;
    const pid_t thread = waitpid(-1, &status, __WALL | WNOHANG);
    if (thread < 0) fail("waitpid");
    if (thread == 0) {
      drain();
      if (std::chrono::steady_clock::now() > end_) kill(pid_, SIGKILL);
      if (++idle > 200) usleep(200);
      continue;
    }
    idle = 0;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread != pid_) continue;
      drain();
      pid_ = 0;
      return status;
    }
    try {
      const int signal = on_stop(thread, status, on_thread, on_breakpoint);
      ptrace(PTRACE_CONT, thread, nullptr, static_cast<long>(signal));
    } catch (const ThreadIsGone&) {
      continue;
    }
  }
}

// The signal to go on with.
int Tracee::on_stop(pid_t thread, int status, const OnThread& on_thread, const OnBreakpoint& on_breakpoint) {
  const int signal = WSTOPSIG(status);
  if (signal != SIGTRAP) clear_alignment_check(thread);
  if (breakpoints_.find(thread) == breakpoints_.end()) {  // a new thread begins with a stop
    breakpoints_[thread] = {};
    on_thread(*this, thread);
    return 0;
  }
  if (status >> 8 == (SIGTRAP | PTRACE_EVENT_CLONE << 8)) return 0;
  if (signal != SIGTRAP) return signal;
  siginfo_t info{};
  ptrace(PTRACE_GETSIGINFO, thread, nullptr, &info);
  if (info.si_code != kHardwareBreakpoint) return signal;
  ptrace(PTRACE_POKEUSER, thread, debug_register(6), nullptr);
  user_regs_struct registers{};
  ptrace(PTRACE_GETREGS, thread, nullptr, &registers);
  on_breakpoint(*this, thread, registers.rip);
  return 0;
}

void Tracee::set_breakpoint(pid_t thread, unsigned slot, std::uint64_t address) {
  auto& addresses = breakpoints_[thread];
  addresses[slot] = address;
  // A register can only be changed while it is off; type 0 is execution, length 0 one byte.
  std::uint64_t enabled = 0;
  for (unsigned i = 0; i < kBreakpoints; ++i)
    if (addresses[i] != 0 && i != slot) enabled |= 1ULL << (2 * i);
  ptrace(PTRACE_POKEUSER, thread, debug_register(7), enabled);
  if (address == 0) return;
  if (ptrace(PTRACE_POKEUSER, thread, debug_register(slot), address) != 0) fail("debug address register");
  if (ptrace(PTRACE_POKEUSER, thread, debug_register(7), enabled | 1ULL << (2 * slot)) != 0)
    fail("debug control register");
}

void Tracee::hold_signals(pid_t thread) {
  std::uint64_t all = ~std::uint64_t{0};
  if (ptrace(PTRACE_SETSIGMASK, thread, sizeof all, &all) != 0) fail("PTRACE_SETSIGMASK");
}

void Tracee::release_signals(pid_t thread) {
  std::uint64_t none = 0;
  if (ptrace(PTRACE_SETSIGMASK, thread, sizeof none, &none) != 0) fail("PTRACE_SETSIGMASK");
}

ProcessorState Tracee::state(pid_t thread) const {
  ProcessorState state;
  if (ptrace(PTRACE_GETREGS, thread, nullptr, &state.general) != 0) fail("PTRACE_GETREGS");
  state.extended.bytes.resize(ExtendedState::kLargest);
  iovec area{state.extended.bytes.data(), state.extended.bytes.size()};
  if (ptrace(PTRACE_GETREGSET, thread, NT_X86_XSTATE, &area) != 0) fail("PTRACE_GETREGSET");
  state.extended.bytes.resize(area.iov_len);
  return state;
}

void Tracee::set_state(pid_t thread, const ProcessorState& state) {
  if (ptrace(PTRACE_SETREGS, thread, nullptr, &state.general) != 0) fail("PTRACE_SETREGS");
  iovec area{const_cast<std::uint8_t*>(state.extended.bytes.data()), state.extended.bytes.size()};
  if (ptrace(PTRACE_SETREGSET, thread, NT_X86_XSTATE, &area) != 0) fail("PTRACE_SETREGSET");
}

std::uint64_t Tracee::word(pid_t thread, std::uint64_t address) const {
  errno = 0;
  const long value = ptrace(PTRACE_PEEKDATA, thread, reinterpret_cast<void*>(address), nullptr);
  if (errno != 0) fail("PTRACE_PEEKDATA");
  return static_cast<std::uint64_t>(value);
}

void Tracee::set_word(pid_t thread, std::uint64_t address, std::uint64_t value) {
  if (ptrace(PTRACE_POKEDATA, thread, reinterpret_cast<void*>(address), value) != 0) fail("PTRACE_POKEDATA");
}

std::vector<std::uint8_t> Tracee::memory(std::uint64_t address, std::size_t size) const {
  std::vector<std::uint8_t> bytes(size);
  if (pread(memory_, bytes.data(), size, static_cast<off_t>(address)) != static_cast<ssize_t>(size))
    fail("reading memory");
  return bytes;
}
}  // namespace cloister::adversary
