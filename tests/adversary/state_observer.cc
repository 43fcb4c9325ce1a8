// SPDX-License-Identifier: Apache-2.0
#include "tests/adversary/state_observer.h"
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/enclave/core/thread_offsets.h"
#include "src/host/device/sim_state.h"

namespace cloister::adversary {
namespace {
enum Slot : unsigned { kEntrySlot, kExitSlot, kResumeSlot, kMovingSlot };
constexpr std::uint32_t kPoisonMxcsr = 0xe07f;  // all flags set, nothing masked, towards zero, denormals flushed
constexpr std::uint64_t kPoisonFs = 0x1234'5678'9000;
constexpr std::uint64_t kPoisonFlags =
    kCarry | kParity | kAdjust | kZero | kSign | kDirection | kOverflow | kNested | kAlignment;
constexpr unsigned long long kSecret = 0x5ec2'e700'5ec2'e788;
constexpr Register kPreservedRegisters[] = {&user_regs_struct::rbx, &user_regs_struct::rbp, &user_regs_struct::r12,
                                            &user_regs_struct::r13, &user_regs_struct::r14, &user_regs_struct::r15};
constexpr std::uint64_t kSsaSize = layout::kSsaFramePages * layout::kPageSize;

std::uint64_t thread_word(const Tracee& tracee, pid_t thread, const ProcessorState& state, unsigned offset) {
  return tracee.word(thread, state.general.gs_base + offset);
}

void poison_registers(ProcessorState* state, std::initializer_list<Register> keep) {
  unsigned long long pattern = 0xa5a5'0000'5a5a'0001;
  for (const NamedRegister& named : kGeneralRegisters) {
    bool kept = false;
    for (const Register field : keep) kept |= field == named.field;
    if (!kept) state->general.*named.field = pattern;
    pattern += 0x0101'0101'0101'0101;
  }
  state->extended.poison_x87();
  state->extended.poison_vectors(0x31);
  state->extended.set_mxcsr(kPoisonMxcsr);
}
}  // namespace

StateObserver::StateObserver(const Symbols& image, const Symbols& command)
    : entry_(image.at("enclave_entry")),
      first_entry_(image.at("core_first_entry")),
      stage1_(image.at("exception_stage1")),
      leave_(image.at("leave_with_request")),
      nested_return_(image.at("host_call_returned")),
      stack_decoy_((image.at("boot_stack_top") - 65536) & ~std::uint64_t{15}),
      eexit_(command.at("sim_eexit")),
      eresume_(command.at("sim_eresume")),
      epcm_(command.at("sim_epcm")) {}

void StateObserver::on_thread(Tracee& tracee, pid_t thread) {
  watches_[thread] = {};
  tracee.set_breakpoint(thread, kEntrySlot, entry_);
  tracee.set_breakpoint(thread, kExitSlot, eexit_);
  tracee.set_breakpoint(thread, kResumeSlot, eresume_);
}

void StateObserver::await(Tracee& tracee, pid_t thread, std::uint64_t address) {
  watches_[thread].awaited = address;
  tracee.set_breakpoint(thread, kMovingSlot, address);
}

void StateObserver::on_breakpoint(Tracee& tracee, pid_t thread, std::uint64_t address) {
  Watch& watch = watches_[thread];
  if (watch.at_resume.has_value() && address == watch.awaited) {
    check_resume(tracee, thread);
    tracee.release_signals(thread);
    // An interrupt right at a place that is awaited: it has been resumed there, and what is due is due now.
    if (address != watch.awaited) return;
  }
  if (address == entry_) return poison_entry(tracee, thread);
  if (address == eexit_) return check_exit(tracee, thread);
  if (address == eresume_) return poison_resume(tracee, thread);
  if (address != watch.awaited) return;
  tracee.release_signals(thread);
  if (address == first_entry_) return check_first(tracee, thread);
  if (address == stage1_) return check_exception(tracee, thread);
  if (address == leave_) return plant_secrets(tracee, thread);
  check_return(tracee, thread);
}

// The first instruction inside: the processor has set RAX, RBX, RCX and the bases, everything else is the host's.
void StateObserver::poison_entry(Tracee& tracee, pid_t thread) {
  Watch& watch = watches_[thread];
  ProcessorState state = tracee.state(thread);
  watch.level = state.general.rax == 0 ? 0 : 1;
  const bool is_return = watch.level == 0 && thread_word(tracee, thread, state, T_STATE) == STATE_HOST_CALL;
  if (watch.level == 1 && !watch.interrupted[0].has_value()) watch.interrupted[0] = watch.awaited;
  await(tracee, thread, watch.level == 1 ? stage1_ : is_return ? watch.return_address : first_entry_);
  watch.host_stack[watch.level] = {state.general.rsp, state.general.rbp};
  const bool has_arguments = watch.level == 0 && !is_return;
  const ProcessorState given = state;
  poison_registers(&state, {&user_regs_struct::rax, &user_regs_struct::rbx, &user_regs_struct::rcx});
  if (has_arguments) {
    state.general.rdi = given.general.rdi;
    state.general.rsi = given.general.rsi;
    state.general.rdx = given.general.rdx;
  }
  state.general.rsp = stack_decoy_;
  state.general.fs_base = kPoisonFs;
  state.general.eflags |= kPoisonFlags | kResume;
  tracee.set_state(thread, state);
  tracee.hold_signals(thread);
}

void StateObserver::check_flags(const ProcessorState& state, const char* where) {
  if ((state.general.eflags & kDirection) != 0) find("E-1", std::string(where) + ": DF");
  if ((state.general.eflags & kAlignment) != 0) find("E-2", std::string(where) + ": AC");
  if ((state.general.eflags & kNested) != 0) find("E-2", std::string(where) + ": NT");
  if ((state.general.eflags & kIdentification) != 0) find("E-2", std::string(where) + ": ID");
}

// What was wrong is put right, so that one missing defence shows as itself and not as the damage that it does later.
void StateObserver::check_initial(Tracee& tracee, pid_t thread, ProcessorState state, const char* where) {
  check_flags(state, where);
  if (!state.extended.x87_is_initial()) find("E-3", std::string(where) + ": x87");
  if (const std::string set = state.extended.vectors_that_are_set(); !set.empty())
    find("E-3", std::string(where) + ": " + set);
  if (state.extended.mxcsr() != RUNTIME_MXCSR) find("E-4", std::string(where) + ": MXCSR");
  if (findings_.empty()) return;
  state.general.eflags = (state.general.eflags & ~kPoisonFlags) | kResume;
  state.extended.make_initial(RUNTIME_MXCSR);
  tracee.set_state(thread, state);
}

void StateObserver::check_first(Tracee& tracee, pid_t thread) {
  ++counts_.first;
  const ProcessorState state = tracee.state(thread);
  check_initial(tracee, thread, state, "first entry");
  if (state.general.rsp != thread_word(tracee, thread, state, T_STACK_TOP) - 8) find("E-5", "first entry: RSP");
  if (state.general.rbp != 0) find("E-5", "first entry: RBP");
  await(tracee, thread, leave_);
}

void StateObserver::check_exception(Tracee& tracee, pid_t thread) {
  ++counts_.exception;
  const ProcessorState state = tracee.state(thread);
  check_initial(tracee, thread, state, "exception entry");
  const std::uint64_t top = thread_word(tracee, thread, state, T_EXCEPTION_STACK);
  if (state.general.rsp >= top || state.general.rsp < top - 64) find("E-5", "exception entry: RSP");
  if (state.general.rdi != state.general.gs_base) find("E-5", "exception entry: not the thread's own");
  await(tracee, thread, 0);
}

// Before an exit: what must neither be seen outside nor, where it is live, be lost.
void StateObserver::plant_secrets(Tracee& tracee, pid_t thread) {
  Watch& watch = watches_[thread];
  ProcessorState state = tracee.state(thread);
  if (forced_.has_value()) {
    const std::uint64_t aligned = forced_->first & ~std::uint64_t{7};
    const unsigned shift = static_cast<unsigned>(forced_->first & 7) * 8;
    const std::uint64_t old = tracee.word(thread, aligned) & ~(std::uint64_t{0xff} << shift);
    tracee.set_word(thread, aligned, old | std::uint64_t{forced_->second} << shift);
  }
  watch.vectors_live = thread_word(tracee, thread, state, T_VECTORS_LIVE) != 0;
  watch.at_call = state;
  watch.return_address = tracee.word(thread, state.general.rsp);
  watch.return_rsp = state.general.rsp + 8;
  // Out of C++ (host_call_transfer): what counts is the state after its frame of six registers, too.
  watch.is_nested = watch.return_address == nested_return_;
  if (watch.is_nested) {
    watch.return_address = tracee.word(thread, watch.return_rsp + 6 * 8);
    watch.return_rsp += 7 * 8;
  }
  for (const Register field : {&user_regs_struct::rax, &user_regs_struct::rcx, &user_regs_struct::rdx,
                               &user_regs_struct::rsi, &user_regs_struct::rdi, &user_regs_struct::r8,
                               &user_regs_struct::r9, &user_regs_struct::r10, &user_regs_struct::r11})
    state.general.*field = kSecret;
  if (!watch.is_nested)
    for (const Register field : kPreservedRegisters) state.general.*field = kSecret;
  if (!watch.vectors_live) state.extended.poison_vectors(0x77);
  state.extended.set_mxcsr(state.extended.mxcsr() ^ 0x6000);  // another rounding mode: the way back must keep it
  state.general.eflags |= kCarry | kSign | kOverflow | kResume;
  tracee.set_state(thread, state);
  await(tracee, thread, 0);
}

void StateObserver::check_return(Tracee& tracee, pid_t thread) {
  Watch& watch = watches_[thread];
  ++counts_.host_call;
  ProcessorState state = tracee.state(thread);
  const ProcessorState& before = watch.at_call;
  check_flags(state, "host call");
  if (const std::string x87 = before.extended.x87_difference(state.extended); !x87.empty())
    find("E-3", "host call: " + x87);
  const std::string vectors =
      watch.vectors_live ? state.extended.vectors_that_differ(before.extended) : state.extended.vectors_that_are_set();
  if (!vectors.empty()) find("E-3", std::string(watch.vectors_live ? "host call, live: " : "host call: ") + vectors);
  if (state.extended.mxcsr() != (before.extended.mxcsr() ^ 0x6000)) find("E-4", "host call: MXCSR");
  if (state.general.rsp != watch.return_rsp) find("E-5", "host call: RSP");
  if (state.general.fs_base != before.general.fs_base) find("E-3", "host call: FS base");
  for (const Register field : kPreservedRegisters)
    if (watch.is_nested && state.general.*field != before.general.*field)
      find("E-5", "host call: a preserved register");
  state.extended.set_mxcsr(before.extended.mxcsr());
  if (!findings_.empty()) state.extended = before.extended;
  state.general.eflags = (state.general.eflags & ~(kDirection | kAlignment | kNested)) | kResume;
  tracee.set_state(thread, state);
  await(tracee, thread, leave_);
}

void StateObserver::check_exit(Tracee& tracee, pid_t thread) {
  Watch& watch = watches_[thread];
  ++counts_.exit;
  ProcessorState state = tracee.state(thread);
  for (const NamedRegister& named : kGeneralRegisters) {
    const bool is_target = named.field == &user_regs_struct::rbx;
    const bool is_of_host = named.field == &user_regs_struct::rbp || named.field == &user_regs_struct::rax;
    const unsigned long long value = state.general.*named.field;
    if (is_target ? value < layout::kElrangeSize : !is_of_host && value != 0)
      find("E-11", std::string("exit: ") + named.name);
  }
  if (state.general.rsp != stack_decoy_) find("E-11", "exit: RSP");
  if ((state.general.eflags & (kCarry | kSign | kOverflow | kDirection | kAlignment | kNested)) != 0)
    find("E-11", "exit: flags");
  if (!state.extended.x87_is_initial()) find("E-11", "exit: x87");
  if (const std::string set = state.extended.vectors_that_are_set(); !set.empty()) find("E-11", "exit: " + set);
  if (state.extended.mxcsr() != RUNTIME_MXCSR) find("E-11", "exit: MXCSR");
  state.general.rsp = watch.host_stack[watch.level].rsp;
  state.general.rbp = watch.host_stack[watch.level].rbp;
  state.general.eflags |= kResume;
  tracee.set_state(thread, state);
  watch.level = 0;
}

void StateObserver::poison_resume(Tracee& tracee, pid_t thread) {
  Watch& watch = watches_[thread];
  ProcessorState state = tracee.state(thread);
  // CSSA is known to the software processor alone: the EPCM entry of the TCS has the address of its state.
  const std::uint64_t entry =
      tracee.word(thread, tracee.word(thread, epcm_) + state.general.rbx / layout::kPageSize * 8);
  const std::uint64_t cssa = tracee.word(thread, (entry & ~(layout::kPageSize - 1)) + SIM_CSSA);
  if (cssa == 0 || cssa > layout::kSsaFrameCount) return;
  watch.resumed_frame = static_cast<unsigned>(cssa) - 1;
  auto& interrupted = watch.interrupted[watch.resumed_frame];
  if (!interrupted.has_value()) interrupted = watch.awaited;
  const std::uint64_t first_frame = thread_word(tracee, thread, state, T_SSA);
  const auto bytes = tracee.memory(first_frame + watch.resumed_frame * kSsaSize, kSsaSize);
  sgx::Gprsgx gpr;
  __builtin_memcpy(&gpr, bytes.data() + kSsaSize - sizeof gpr, sizeof gpr);
  ProcessorState wanted = state;
  wanted.extended.load_image(bytes);
  user_regs_struct& g = wanted.general;
  g.rax = gpr.rax, g.rbx = gpr.rbx, g.rcx = gpr.rcx, g.rdx = gpr.rdx, g.rsi = gpr.rsi, g.rdi = gpr.rdi;
  g.rbp = gpr.rbp, g.rsp = gpr.rsp, g.r8 = gpr.r8, g.r9 = gpr.r9, g.r10 = gpr.r10, g.r11 = gpr.r11;
  g.r12 = gpr.r12, g.r13 = gpr.r13, g.r14 = gpr.r14, g.r15 = gpr.r15, g.rip = gpr.rip, g.eflags = gpr.rflags;
  g.fs_base = gpr.fsbase;
  watch.at_resume = wanted;
  // A fault leaves RF in the frame, and with it the breakpoint would not be seen.
  const std::uint64_t rflags =
      first_frame + (watch.resumed_frame + 1) * kSsaSize - sizeof gpr + offsetof(sgx::Gprsgx, rflags);
  tracee.set_word(thread, rflags, gpr.rflags & ~kResume);
  await(tracee, thread, gpr.rip);
  poison_registers(&state,
                   {&user_regs_struct::rax, &user_regs_struct::rbx, &user_regs_struct::rcx, &user_regs_struct::rbp});
  // IRETQ, by which the software device resumes, does not allow NT.
  state.general.eflags |= (kPoisonFlags & ~kNested) | kResume;
  tracee.set_state(thread, state);
  tracee.hold_signals(thread);
}

void StateObserver::check_resume(Tracee& tracee, pid_t thread) {
  Watch& watch = watches_[thread];
  ++counts_.resume;
  const ProcessorState state = tracee.state(thread);
  const ProcessorState& wanted = *watch.at_resume;
  for (const NamedRegister& named : kGeneralRegisters)
    if (state.general.*named.field != wanted.general.*named.field) find("E-3", std::string("resume: ") + named.name);
  if (state.general.rsp != wanted.general.rsp) find("E-5", "resume: RSP");
  if (state.general.fs_base != wanted.general.fs_base) find("E-3", "resume: FS base");
  constexpr std::uint64_t kCompared = kPoisonFlags | kIdentification;
  if ((state.general.eflags & kCompared) != (wanted.general.eflags & kCompared)) find("E-2", "resume: flags");
  if (const std::string x87 = wanted.extended.x87_difference(state.extended); !x87.empty())
    find("E-3", "resume: " + x87);
  if (const std::string set = state.extended.vectors_that_differ(wanted.extended); !set.empty())
    find("E-3", "resume: " + set);
  if (state.extended.mxcsr() != wanted.extended.mxcsr()) find("E-4", "resume: MXCSR");
  watch.at_resume.reset();
  auto& interrupted = watch.interrupted[watch.resumed_frame];
  await(tracee, thread, interrupted.value_or(0));
  interrupted.reset();
}
}  // namespace cloister::adversary
