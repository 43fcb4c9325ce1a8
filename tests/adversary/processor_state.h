// SPDX-License-Identifier: Apache-2.0
// A thread's complete processor state as a debugger sees it, and the state that a hostile host leaves behind.
#pragma once
#include <sys/user.h>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace cloister::adversary {

inline constexpr std::uint64_t kCarry = 1, kParity = 4, kAdjust = 0x10, kZero = 0x40, kSign = 0x80, kDirection = 0x400,
                               kOverflow = 0x800, kNested = 0x4000, kResume = 0x10000, kAlignment = 0x40000,
                               kIdentification = 0x200000;

// The XSAVE image in its standard form: x87, SSE, AVX, and AVX-512 where the processor has it.
class ExtendedState {
 public:
  static constexpr std::size_t kLargest = 16384;
  std::vector<std::uint8_t> bytes;

  std::uint16_t control_word() const { return get<std::uint16_t>(0); }
  std::uint16_t status_word() const { return get<std::uint16_t>(2); }
  std::uint8_t tags() const { return bytes[4]; }  // abridged: a bit for each register in use
  std::uint32_t mxcsr() const { return get<std::uint32_t>(24); }
  void set_mxcsr(std::uint32_t value) { put(24, value); }
  std::uint64_t components() const { return get<std::uint64_t>(512); }

  // x87 as FNINIT leaves it, its data registers included.
  bool x87_is_initial() const;
  // Names of x87's parts (FCW, FSW, FTW, data of registers in use) that differ.
  std::string x87_difference(const ExtendedState& other) const;
  // Names of the vector components (xmm, ymm, k, zmm) that are not zero, or that differ from `other`.
  std::string vectors_that_are_set() const;
  std::string vectors_that_differ(const ExtendedState& other) const;

  // Every bit that software can set: all exceptions unmasked and pending, registers in use, patterns everywhere.
  void poison_x87();
  void poison_vectors(std::uint8_t seed);
  void make_initial(std::uint32_t mxcsr);
  // Of an XSAVE image in memory, whose components that XSTATE_BV leaves out count as initial.
  void load_image(const std::vector<std::uint8_t>& image);

 private:
  template <typename T>
  T get(std::size_t offset) const {
    T value;
    __builtin_memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  }
  template <typename T>
  void put(std::size_t offset, T value) {
    __builtin_memcpy(bytes.data() + offset, &value, sizeof value);
  }
};

struct ProcessorState {
  user_regs_struct general{};
  ExtendedState extended;
};

// Names of the general registers among `names` that hold no zero.
using Register = unsigned long long user_regs_struct::*;
struct NamedRegister {
  const char* name;
  Register field;
};
inline constexpr std::array<NamedRegister, 15> kGeneralRegisters = {{{"rax", &user_regs_struct::rax},
                                                                     {"rbx", &user_regs_struct::rbx},
                                                                     {"rcx", &user_regs_struct::rcx},
                                                                     {"rdx", &user_regs_struct::rdx},
                                                                     {"rsi", &user_regs_struct::rsi},
                                                                     {"rdi", &user_regs_struct::rdi},
                                                                     {"rbp", &user_regs_struct::rbp},
                                                                     {"r8", &user_regs_struct::r8},
                                                                     {"r9", &user_regs_struct::r9},
                                                                     {"r10", &user_regs_struct::r10},
                                                                     {"r11", &user_regs_struct::r11},
                                                                     {"r12", &user_regs_struct::r12},
                                                                     {"r13", &user_regs_struct::r13},
                                                                     {"r14", &user_regs_struct::r14},
                                                                     {"r15", &user_regs_struct::r15}}};
}  // namespace cloister::adversary
