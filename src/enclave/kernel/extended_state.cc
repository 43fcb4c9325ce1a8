// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/extended_state.h"
#include <cstring>
#include "src/enclave/core/check.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/thread.h"
#include "src/enclave/kernel/signal_frame.h"

namespace cloister::kernel {
namespace {
constexpr std::uint32_t kMxcsrMask = 0xffff;
constexpr std::uint32_t kProgramMxcsr = PROGRAM_MXCSR;
constexpr std::uint16_t kInitialControlWord = 0x37f;
constexpr std::uint64_t kX87AndSse = 3;

// Two images over different fillings agree just where XSAVE has written.
std::size_t measure() {
  alignas(64) static std::uint8_t first[XSAVE_AREA_SIZE], second[XSAVE_AREA_SIZE];
  std::memset(first, 0x55, sizeof first);
  std::memset(second, 0xaa, sizeof second);
  for (std::uint8_t* area : {first, second}) {
    std::memset(area + abi::kXsaveHeaderOffset, 0, abi::kXsaveHeaderSize);
    // In the simulation the processor has more state than the enclave (XFRM).
    asm volatile("xsave64 (%0)" ::"r"(area), "a"(core::enclave_xfrm), "d"(core::enclave_xfrm >> 32) : "memory");
  }
  std::size_t size = sizeof first;
  while (size > abi::kXsaveHeaderOffset + abi::kXsaveHeaderSize && first[size - 1] != second[size - 1]) --size;
  return (size + 7) & ~std::size_t{7};
}

template <typename T>
T read_at(const std::byte* area, std::size_t offset) {
  T value;
  std::memcpy(&value, area + offset, sizeof value);
  return value;
}

// XRSTOR faults on reserved bits; whoever set them gets what Linux gives for a bad frame. The area is left acceptable.
bool make_acceptable(std::byte* area, std::uint64_t allowed) {
  auto features = read_at<std::uint64_t>(area, abi::kXsaveHeaderOffset);
  features &= core::enclave_xfrm & allowed;
  std::memcpy(area + abi::kXsaveHeaderOffset, &features, sizeof features);
  std::uint64_t reserved = read_at<std::uint32_t>(area, abi::kXsaveMxcsrOffset) & ~kMxcsrMask;
  for (std::size_t offset = 8; offset < abi::kXsaveHeaderSize; offset += 8)
    reserved |= read_at<std::uint64_t>(area, abi::kXsaveHeaderOffset + offset);
  if (reserved == 0) return true;
  set_initial_extended_state(area);
  return false;
}

// The header of a half-copied image may be anything.
bool refuse(std::byte* area) {
  set_initial_extended_state(area);
  return false;
}

bool load_legacy(std::byte* area, std::uint64_t from) {
  std::memset(area + abi::kXsaveHeaderOffset, 0, abi::kXsaveHeaderSize);
  if (!core::copy_from_program(area, from, abi::kXsaveLegacySize)) return false;
  std::memcpy(area + abi::kXsaveHeaderOffset, &kX87AndSse, sizeof kX87AndSse);
  return make_acceptable(area, kX87AndSse);
}
}  // namespace

std::size_t extended_state_size() {
  static const std::size_t size = measure();
  return size;
}

bool store_extended_state(std::byte* area, std::uint64_t to) {
  const std::size_t size = extended_state_size();
  mark_fpstate(area, size, core::enclave_xfrm);
  return core::copy_to_program(to, area, size) && core::store_program(to + size, abi::kFpMagic2);
}

bool load_extended_state(std::byte* area, std::uint64_t from) {
  if (from == 0) {
    set_initial_extended_state(area);
    return true;
  }
  abi::FpMarks marks;
  if (!core::load_program(from + abi::kFpMarksOffset, &marks)) return false;
  const auto size = marked_fpstate_size(marks, extended_state_size());
  std::uint32_t end_mark = 0;
  if (!size || !core::load_program(from + *size, &end_mark) || end_mark != abi::kFpMagic2)
    return load_legacy(area, from);
  if (!core::copy_from_program(area, from, *size)) return refuse(area);
  return make_acceptable(area, marks.features);
}

void set_initial_extended_state(std::byte* area) {
  std::memset(area, 0, abi::kXsaveHeaderOffset + abi::kXsaveHeaderSize);  // XSTATE_BV 0: every component initial
  std::memcpy(area + abi::kXsaveControlWordOffset, &kInitialControlWord, sizeof kInitialControlWord);
  std::memcpy(area + abi::kXsaveMxcsrOffset, &kProgramMxcsr, sizeof kProgramMxcsr);
}
}  // namespace cloister::kernel
