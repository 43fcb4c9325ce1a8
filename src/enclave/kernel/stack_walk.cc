// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/stack_walk.h"
#include <sys/mman.h>
#include <algorithm>
#include "abi/linux/signal_frame.h"
#include "src/enclave/loader/elf_loader.h"
#include "src/enclave/loader/frame_table.h"

namespace cloister::kernel {
namespace {
using FrameRegisters = std::array<std::uint64_t, loader::kFrameRegisters>;  // by DWARF's numbers
using RuleKind = loader::RegisterRule::Kind;

// mov $15, %rax; syscall: how a C library returns from a signal handler, and what unwinders know it by.
constexpr std::array<std::uint8_t, 9> kSignalReturn = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};

template <typename Saved>
FrameRegisters frame_registers(const Saved& from) {
  return {from.rax, from.rdx, from.rcx, from.rbx, from.rsi, from.rdi, from.rbp, from.rsp, from.r8,
          from.r9,  from.r10, from.r11, from.r12, from.r13, from.r14, from.r15, from.rip};
}

// Does a call end at `address`? Of the direct and the common indirect forms.
bool follows_call(std::uint64_t address) {
  std::uint8_t before[7];
  if (!core::copy_from_program(before, address - sizeof before, sizeof before)) return false;
  const auto is_indirect = [&](std::size_t size) {  // FF /2, with SIB or displacement as the size has room for
    return before[7 - size] == 0xff && (before[8 - size] >> 3 & 7) == 2;
  };
  return before[2] == 0xe8 || is_indirect(2) || is_indirect(3) || is_indirect(4) || is_indirect(6) || is_indirect(7);
}

class StackWalker {
 public:
  StackWalker(const CodePlaces& places, const core::ProgramContext& context)
      : places_(places), registers_(frame_registers(context)) {
    const OriginalPosition crash = places.original(context.rip);
    registers_[loader::kFrameReturn] = crash.pc;
    registers_[loader::kFrameRsp] += crash.stack_adjustment;
  }
  StackWalk take() && {
    while (walk_.frames.size() < kMostStackFrames && step()) {
    }
    walk_.stack = registers_[loader::kFrameRsp];
    return std::move(walk_);
  }

 private:
  std::uint64_t pc() const { return registers_[loader::kFrameReturn]; }
  // To the caller, or to what a signal interrupted; false where the walk ends.
  bool step();
  std::optional<loader::FrameRules> rules() const;
  bool follow_rules(const loader::FrameRules& rules);
  bool follow_frame_pointer();
  bool follow_signal_return();
  bool is_signal_return(std::uint64_t address) const;
  bool arrive(FrameRegisters caller);

  const CodePlaces& places_;
  FrameRegisters registers_;
  StackFrame::Kind kind_ = StackFrame::Kind::interrupted;
  StackWalk walk_;
};

bool StackWalker::step() {
  if (kind_ == StackFrame::Kind::signal_return) return follow_signal_return();
  if (kind_ == StackFrame::Kind::interrupted && !places_.is_code(pc())) {  // called what is no code
    loader::FrameRules after_call;
    after_call.cfa_register = loader::kFrameRsp;
    after_call.cfa_offset = 8;
    after_call.registers[loader::kFrameReturn] = {RuleKind::saved, -8};
    walk_.knows_caller |= walk_.frames.empty();
    return follow_rules(after_call);
  }
  const auto found = rules();
  if (walk_.frames.empty()) walk_.knows_caller = found.has_value();
  return found.has_value() ? follow_rules(*found) : follow_frame_pointer();
}

std::optional<loader::FrameRules> StackWalker::rules() const {
  const std::uint64_t code = StackFrame{kind_, pc()}.code();
  const Mapping* const mapping = places_.find(code);
  if (mapping == nullptr || mapping->file == nullptr) return {};
  MappedFile& file = *mapping->file;
  return loader::find_frame_rules(
      [&](std::uint64_t offset, void* to, std::size_t size) { return loader::read_file_bytes(file, offset, to, size); },
      file.size(), code - mapping->start + mapping->file_offset);
}

bool StackWalker::follow_rules(const loader::FrameRules& rules) {
  const std::uint64_t cfa = registers_[rules.cfa_register] + static_cast<std::uint64_t>(rules.cfa_offset);
  if (rules.registers[loader::kFrameReturn].kind == RuleKind::undefined) {
    walk_.is_complete = true;
    return false;
  }
  if (rules.registers[loader::kFrameReturn].kind != RuleKind::saved) return false;
  if (cfa <= registers_[loader::kFrameRsp]) return false;  // a frame takes room
  FrameRegisters caller = registers_;
  caller[loader::kFrameRsp] = cfa;
  for (std::size_t i = 0; i < caller.size(); ++i) {
    const loader::RegisterRule& rule = rules.registers[i];
    const auto offset = static_cast<std::uint64_t>(rule.offset);
    switch (rule.kind) {
      case RuleKind::same: break;
      case RuleKind::undefined: caller[i] = 0; break;
      case RuleKind::value: caller[i] = cfa + offset; break;
      case RuleKind::saved:
        if (!core::load_program(cfa + offset, &caller[i])) return false;
        break;
      case RuleKind::in_register:
        if (offset >= registers_.size()) return false;
        caller[i] = registers_[offset];
    }
  }
  return arrive(caller);
}

bool StackWalker::follow_frame_pointer() {
  const std::uint64_t frame = registers_[loader::kFrameRbp];
  std::uint64_t link[2];  // the caller's frame, the return address
  walk_.is_complete = frame == 0;
  if (frame % 8 != 0 || frame < registers_[loader::kFrameRsp] || !core::load_program(frame, &link)) return false;
  FrameRegisters caller = registers_;
  caller[loader::kFrameRbp] = link[0];
  caller[loader::kFrameRsp] = frame + sizeof link;
  caller[loader::kFrameReturn] = link[1];
  return arrive(caller);
}

// The handler has returned: the stack pointer is at the frame's ucontext.
bool StackWalker::follow_signal_return() {
  abi::UserContext context;
  if (!core::load_program(registers_[loader::kFrameRsp], &context)) return false;
  registers_ = frame_registers(context.registers);
  registers_[loader::kFrameReturn] = places_.original(pc()).pc;
  kind_ = StackFrame::Kind::interrupted;
  walk_.frames.push_back({kind_, pc()});
  return true;
}

bool StackWalker::is_signal_return(std::uint64_t address) const {
  const Mapping* const mapping = places_.find(address);
  if (mapping == nullptr || !places_.is_code(address)) return false;
  std::array<std::uint8_t, kSignalReturn.size()> code;
  if (mapping->file == nullptr) return core::load_program(address, &code) && code == kSignalReturn;
  // In the file, since a rewritten call looks otherwise in memory.
  const std::uint64_t position = address - mapping->start + mapping->file_offset;
  return loader::read_file_bytes(*mapping->file, position, code.data(), code.size()).ok() && code == kSignalReturn;
}

bool StackWalker::arrive(FrameRegisters caller) {
  std::uint64_t& pc = caller[loader::kFrameReturn];
  kind_ = StackFrame::Kind::call;
  if (const std::uint64_t original = places_.return_address(pc); original != 0) {
    pc = original;
  } else {
    pc = places_.original(pc).pc;
    if (!is_signal_return(pc)) return false;
    kind_ = StackFrame::Kind::signal_return;
  }
  registers_ = caller;
  walk_.frames.push_back({kind_, pc});
  return true;
}
}  // namespace

const Mapping* CodePlaces::find(std::uint64_t address) const {
  for (const Mapping& mapping : mappings_)
    if (address >= mapping.start && address < mapping.end) return &mapping;
  return nullptr;
}

bool CodePlaces::is_code(std::uint64_t address) const {
  const Mapping* const mapping = find(address);
  return mapping != nullptr && (mapping->protection & PROT_EXEC) != 0;
}

// A call in a trampoline has been checked when it was put there.
std::uint64_t CodePlaces::return_address(std::uint64_t value) const {
  const std::uint64_t caller = original(value).pc;
  if (!is_code(caller - 1)) return 0;
  return value != caller || follows_call(caller) ? caller : 0;
}

StackWalk walk_stack(const CodePlaces& places, const core::ProgramContext& context) {
  return StackWalker(places, context).take();
}
}  // namespace cloister::kernel
