// SPDX-License-Identifier: Apache-2.0
// Poisons the complete processor state before every entry, and looks at it where the entry stubs hand over to C++ or to
// the program, and at every exit. Rules E-1 to E-5 and E-11.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>
#include "abi/enclave_layout.h"
#include "tests/adversary/symbols.h"
#include "tests/adversary/tracee.h"

namespace cloister::adversary {

// What was found, by rule; each text once.
using Findings = std::map<std::string, std::map<std::string, unsigned>>;

struct EntryCounts {
  unsigned first = 0, host_call = 0, exception = 0, resume = 0, exit = 0;
};

class StateObserver {
 public:
  // `image` is the linked runtime, `command` the cloister binary.
  StateObserver(const Symbols& image, const Symbols& command);

  void on_thread(Tracee& tracee, pid_t thread);
  void on_breakpoint(Tracee& tracee, pid_t thread, std::uint64_t address);
  // From the first host call on, this byte of the image has this value (core_scrub_level, to try another processor's).
  void force_byte(std::uint64_t address, std::uint8_t value) { forced_ = {address, value}; }

  const Findings& findings() const { return findings_; }
  const EntryCounts& counts() const { return counts_; }

 private:
  // Where the host really is while the enclave has been given other stack and frame pointers.
  struct HostStack {
    std::uint64_t rsp = 0, rbp = 0;
  };
  struct Watch {
    std::uint64_t awaited = 0;  // the address behind the moving breakpoint
    // What was awaited when an asynchronous exit filled the SSA frame.
    std::optional<std::uint64_t> interrupted[layout::kSsaFrameCount];
    unsigned resumed_frame = 0;
    bool vectors_live = false;
    unsigned level = 0;  // CSSA at the last entry
    HostStack host_stack[2];
    ProcessorState at_call;  // of leave_with_request, before secrets were put in
    bool is_nested = false;  // out of C++, which goes on at return_address with return_rsp
    std::uint64_t return_address = 0, return_rsp = 0;
    std::optional<ProcessorState> at_resume;
  };

  void await(Tracee& tracee, pid_t thread, std::uint64_t address);
  void poison_entry(Tracee& tracee, pid_t thread);
  void poison_resume(Tracee& tracee, pid_t thread);
  void plant_secrets(Tracee& tracee, pid_t thread);
  void check_first(Tracee& tracee, pid_t thread);
  void check_exception(Tracee& tracee, pid_t thread);
  void check_return(Tracee& tracee, pid_t thread);
  void check_resume(Tracee& tracee, pid_t thread);
  void check_exit(Tracee& tracee, pid_t thread);
  void check_initial(Tracee& tracee, pid_t thread, ProcessorState state, const char* where);
  void check_flags(const ProcessorState& state, const char* where);
  void find(const std::string& rule, const std::string& text) { ++findings_[rule][text]; }

  std::uint64_t entry_, first_entry_, stage1_, leave_, nested_return_, stack_decoy_;
  std::uint64_t eexit_, eresume_, epcm_;
  std::optional<std::pair<std::uint64_t, std::uint8_t>> forced_;
  std::map<pid_t, Watch> watches_;
  Findings findings_;
  EntryCounts counts_;
};
}  // namespace cloister::adversary
