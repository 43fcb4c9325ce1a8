// SPDX-License-Identifier: Apache-2.0
// Where everything lies in ELRANGE. Constants only; shared by the enclave, the host part and the image writer.
//
// ELRANGE starts at 0 and has 2^40 bytes, so that non-PIE programs keep their link addresses and a child process can
// have the same layout. The runtime lies at the top, the program below it:
//
//   0x0000010000  program: non-PIE images, heap (brk), mappings from kProgramHigh downwards
//   0xF000000000  runtime: dynamic memory (malloc, stacks, thread blocks), page states
//   0xFFC0000000  enclave image (measured), linked for this address
//   0xFFE0000000  launch manifest (measured, added last)
#pragma once
#include <cstdint>

namespace cloister::layout {
inline constexpr std::uint64_t kPageSize = 4096;
inline constexpr std::uint64_t kElrangeSize = 1ULL << 40;
inline constexpr std::uint64_t kProgramLow = 0x10000;
inline constexpr std::uint64_t kProgramHigh = 0xF0'0000'0000;
inline constexpr std::uint64_t kRuntimeHeapLow = 0xF0'0000'0000;  // the runtime's brk, upwards
inline constexpr std::uint64_t kRuntimeHeapHigh = 0xF4'0000'0000;
inline constexpr std::uint64_t kRuntimeMapLow = 0xF4'0000'0000;  // the runtime's mmap, upwards
inline constexpr std::uint64_t kRuntimeMapHigh = 0xFE'0000'0000;
inline constexpr std::uint64_t kPageStateBase = 0xFE'0000'0000;  // one byte per page of ELRANGE: 256 MiB
inline constexpr std::uint64_t kImageBase = 0xFF'C000'0000;
inline constexpr std::uint64_t kManifestBase = 0xFF'E000'0000;  // 8-byte size, then the canonical encoding
inline constexpr std::uint64_t kManifestMaxSize = 64ULL << 20;
inline constexpr std::uint32_t kSsaFramePages = 4;  // XSAVE area with AMX, MISC and GPRSGX
inline constexpr std::uint32_t kSsaFrameCount = 2;
}  // namespace cloister::layout
