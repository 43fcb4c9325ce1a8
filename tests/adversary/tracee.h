// SPDX-License-Identifier: Apache-2.0
// A `cloister run` under ptrace: the place of a hostile kernel, that sees and sets everything outside the processor's
// own state. Breakpoints are the processor's debug registers, so that no byte of what is tested changes.
#pragma once
#include <sys/types.h>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>
#include "tests/adversary/processor_state.h"

namespace cloister::adversary {

class Tracee {
 public:
  static constexpr std::size_t kBreakpoints = 4;
  using OnBreakpoint = std::function<void(Tracee&, pid_t thread, std::uint64_t address)>;
  using OnThread = std::function<void(Tracee&, pid_t thread)>;

  // Starts the command and stops it behind its execve. stdout is kept, stderr too.
  explicit Tracee(const std::vector<std::string>& command);
  ~Tracee();
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;

  // Where the position-independent command has been loaded.
  std::uint64_t load_base() const;

  // Runs until the process ends; status as from wait. Ends it after `seconds`, with the status of SIGKILL.
  int run(const OnThread& on_thread, const OnBreakpoint& on_breakpoint, unsigned seconds);
  void limit(std::chrono::milliseconds time);  // from a callback: no longer than this from now on
  void end();                                  // from a callback: kills the process, and run() returns
  const std::string& output() const { return output_; }

  void set_breakpoint(pid_t thread, unsigned slot, std::uint64_t address);  // 0: none
  // Between a poisoned entry and the place that looks at it, an interrupt would only add another entry.
  void hold_signals(pid_t thread);
  void release_signals(pid_t thread);
  ProcessorState state(pid_t thread) const;
  void set_state(pid_t thread, const ProcessorState& state);
  std::uint64_t word(pid_t thread, std::uint64_t address) const;
  void set_word(pid_t thread, std::uint64_t address, std::uint64_t value);
  std::vector<std::uint8_t> memory(std::uint64_t address, std::size_t size) const;

 private:
  int on_stop(pid_t thread, int status, const OnThread& on_thread, const OnBreakpoint& on_breakpoint);
  void drain();
  std::string path_;
  std::chrono::steady_clock::time_point end_;
  pid_t pid_ = 0;
  int memory_ = -1, pipe_ = -1;
  std::string output_;
  std::map<pid_t, std::array<std::uint64_t, kBreakpoints>> breakpoints_;
};
}  // namespace cloister::adversary
