// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/loader/frame_program.h"
#include <vector>

namespace cloister::loader {
namespace {
using Kind = RegisterRule::Kind;
constexpr std::size_t kMostStates = 16;  // remembered at once

enum Operation : std::uint8_t {
  kNop = 0x00,
  kAdvance1 = 0x02,
  kAdvance2 = 0x03,
  kAdvance4 = 0x04,
  kOffsetExtended = 0x05,
  kRestoreExtended = 0x06,
  kUndefined = 0x07,
  kSameValue = 0x08,
  kRegister = 0x09,
  kRememberState = 0x0a,
  kRestoreState = 0x0b,
  kDefineCfa = 0x0c,
  kDefineCfaRegister = 0x0d,
  kDefineCfaOffset = 0x0e,
  kExpression = 0x10,
  kOffsetExtendedSigned = 0x11,
  kDefineCfaSigned = 0x12,
  kDefineCfaOffsetSigned = 0x13,
  kValueOffset = 0x14,
  kValueOffsetSigned = 0x15,
  kValueExpression = 0x16,
  kArgumentsSize = 0x2e,
  // The upper two bits, with an operand below.
  kAdvance = 0x40,
  kOffset = 0x80,
  kRestore = 0xc0,
};

class Machine {
 public:
  Machine(const FrameProgram& program, std::uint64_t distance) : program_(program), distance_(distance) {}

  // False: not understood. Stops where the place is reached.
  bool run(std::span<const std::uint8_t> instructions, const FrameRules* initial) {
    FrameReader in(instructions);
    while (!in.at_end() && in.ok() && place_ <= distance_)
      if (!step(in, initial)) return false;
    return in.ok();
  }
  const FrameRules& rules() const { return rules_; }

 private:
  bool set(std::uint64_t number, Kind kind, std::int64_t offset = 0) {
    if (number < kFrameRegisters) rules_.registers[number] = {kind, offset};  // others are of no use
    return true;
  }
  std::int64_t scaled(std::uint64_t factor) const {
    return static_cast<std::int64_t>(factor * static_cast<std::uint64_t>(program_.data_alignment));
  }
  bool restore(std::uint64_t number, const FrameRules* initial) {
    if (number < kFrameRegisters) rules_.registers[number] = initial ? initial->registers[number] : RegisterRule();
    return true;
  }
  bool advance(std::uint64_t delta) {
    // Beyond any function, so that sums stay small.
    if (delta > ~0U || program_.code_alignment > 64) return false;
    place_ += delta * program_.code_alignment;
    return true;
  }
  bool define_cfa(std::uint64_t number, std::int64_t offset) {
    rules_.cfa_register = number;
    rules_.cfa_offset = offset;
    return number < kFrameRegisters;
  }
  bool step(FrameReader& in, const FrameRules* initial);

  const FrameProgram& program_;
  const std::uint64_t distance_;
  std::uint64_t place_ = 0;
  FrameRules rules_;
  std::vector<FrameRules> states_;
};

bool Machine::step(FrameReader& in, const FrameRules* initial) {
  const auto operation = static_cast<std::uint8_t>(in.fixed(1));
  const std::uint64_t low = operation & 0x3f;
  switch (operation & 0xc0) {
    case kAdvance: return advance(low);
    case kOffset: return set(low, Kind::saved, scaled(in.uleb()));
    case kRestore: return restore(low, initial);
    default: break;
  }
  const auto scaled_signed = [&] { return scaled(static_cast<std::uint64_t>(in.sleb())); };
  switch (operation) {
    case kNop: return true;
    case kAdvance1: return advance(in.fixed(1));
    case kAdvance2: return advance(in.fixed(2));
    case kAdvance4: return advance(in.fixed(4));
    case kRestoreExtended: return restore(in.uleb(), initial);
    case kUndefined: return set(in.uleb(), Kind::undefined);
    case kSameValue: return set(in.uleb(), Kind::same);
    case kArgumentsSize: in.uleb(); return true;
    case kDefineCfaRegister: return define_cfa(in.uleb(), rules_.cfa_offset);
    case kDefineCfaOffset: return define_cfa(rules_.cfa_register, static_cast<std::int64_t>(in.uleb()));
    case kDefineCfaOffsetSigned: return define_cfa(rules_.cfa_register, scaled_signed());
    case kRememberState:
      if (states_.size() == kMostStates) return false;
      states_.push_back(rules_);
      return true;
    case kRestoreState:
      if (states_.empty()) return false;
      rules_ = states_.back();
      states_.pop_back();
      return true;
    default: break;
  }
  const std::uint64_t number = in.uleb();
  switch (operation) {
    case kOffsetExtended: return set(number, Kind::saved, scaled(in.uleb()));
    case kOffsetExtendedSigned: return set(number, Kind::saved, scaled_signed());
    case kRegister: return set(number, Kind::in_register, static_cast<std::int64_t>(in.uleb()));
    case kDefineCfa: return define_cfa(number, static_cast<std::int64_t>(in.uleb()));
    case kDefineCfaSigned: return define_cfa(number, scaled_signed());
    case kValueOffset: return set(number, Kind::value, scaled(in.uleb()));
    case kValueOffsetSigned: return set(number, Kind::value, scaled_signed());
    case kExpression:
    case kValueExpression: in.take(in.uleb()); return set(number, Kind::undefined);  // not followed
    default: return false;  // expressions for the CFA, among others
  }
}
}  // namespace

std::span<const std::uint8_t> FrameReader::take(std::uint64_t size) {
  if (!ok_ || size > bytes_.size() - position_) {
    ok_ = false;
    position_ = bytes_.size();
    return {};
  }
  const auto part = bytes_.subspan(position_, size);
  position_ += size;
  return part;
}

std::uint64_t FrameReader::fixed(std::size_t size) {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const std::uint8_t byte : take(size)) value |= std::uint64_t{byte} << shift, shift += 8;
  return value;
}
std::int64_t FrameReader::fixed_signed(std::size_t size) {
  const unsigned unused = static_cast<unsigned>(64 - 8 * size);
  return static_cast<std::int64_t>(fixed(size) << unused) >> unused;
}
std::uint64_t FrameReader::uleb() {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint64_t byte = fixed(1);
    if (!ok_ || shift > 63) return ok_ = false, 0;
    value |= (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
}
std::int64_t FrameReader::sleb() {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint64_t byte = fixed(1);
    if (!ok_ || shift > 63) return ok_ = false, 0;
    value |= (byte & 0x7f) << shift;
    if ((byte & 0x80) != 0) continue;
    if ((byte & 0x40) != 0 && shift < 57) value |= ~std::uint64_t{0} << (shift + 7);
    return static_cast<std::int64_t>(value);
  }
}

std::optional<FrameRules> run_frame_program(const FrameProgram& program, std::uint64_t distance) {
  Machine machine(program, distance);
  if (!machine.run(program.initial, nullptr)) return {};
  const FrameRules initial = machine.rules();
  if (!machine.run(program.instructions, &initial)) return {};
  return machine.rules();
}
}  // namespace cloister::loader
