// SPDX-License-Identifier: Apache-2.0
// Call frame instructions of DWARF (5.0, section 6.4.2): where a caller's registers are, at one place of a function.
// Hostile input: what does not fit or is not known gives nothing. Trusted, kernel storey; functions over bytes.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cloister::loader {

// Reads numbers from the front of bytes; once something was missing, zeroes, and `ok` is false.
class FrameReader {
 public:
  explicit FrameReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return position_ == bytes_.size(); }
  std::size_t position() const { return position_; }
  std::span<const std::uint8_t> take(std::uint64_t size);
  std::span<const std::uint8_t> rest() { return take(bytes_.size() - position_); }
  std::uint64_t fixed(std::size_t size);  // little endian, up to 8 bytes
  std::int64_t fixed_signed(std::size_t size);
  std::uint64_t uleb();
  std::int64_t sleb();

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

// DWARF's numbers of the registers (System V ABI, figure 3.36).
inline constexpr std::size_t kFrameRegisters = 17, kFrameRbx = 3, kFrameRbp = 6, kFrameRsp = 7, kFrameReturn = 16;

struct RegisterRule {
  enum class Kind : std::uint8_t { same, undefined, saved, value, in_register } kind = Kind::same;
  std::int64_t offset = 0;  // saved: lies at CFA + offset; value: is CFA + offset; in_register: its number
};

// The canonical frame address is a register plus an offset; from there the rest.
struct FrameRules {
  std::uint64_t cfa_register = 0;
  std::int64_t cfa_offset = 0;
  std::array<RegisterRule, kFrameRegisters> registers;
};

// What the function's entry (FDE) and the common part (CIE) say.
struct FrameProgram {
  std::uint64_t code_alignment = 1;
  std::int64_t data_alignment = 1;
  std::span<const std::uint8_t> initial, instructions;
};
// `distance` bytes behind the function's beginning.
std::optional<FrameRules> run_frame_program(const FrameProgram& program, std::uint64_t distance);
}  // namespace cloister::loader
