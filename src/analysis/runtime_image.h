// SPDX-License-Identifier: Apache-2.0
// Makes the enclave runtime's ELF file fit for an enclave after it has been linked. Build time, owner's side.
//
// The runtime is a static-PIE program from the distribution's static libraries, which issue system calls of their own.
// Here all of them (and cpuid, rdtsc, rdtscp) are redirected to entry points of the runtime, relocations are applied
// for the one address at which it runs, and what must hold of the image is checked.
#pragma once
#include <string>
#include <vector>
#include "src/analysis/analyse.h"

namespace cloister {

struct RuntimeImageOptions {
  std::uint64_t base = 0xFFC0000000;
  std::uint64_t max_size = ~std::uint64_t{0};  // of the loaded image
  std::vector<std::string> keep;               // functions whose sites stay
  std::vector<std::string> forbidden;          // symbols that must not be defined
};

struct RemainingHit {
  std::uint64_t address;
  SiteKind kind;
  std::string function;  // empty when unknown
  std::string reason;    // "kept", "inside another instruction", "no code" or "unreached"
};

struct RuntimeImage {
  std::vector<std::uint8_t> bytes;    // the output file, the same layout as the input
  std::vector<std::string> problems;  // every check that failed; the image is of no use unless this is empty
  std::vector<RemainingHit> remaining;
  std::uint32_t redirected[5] = {};  // by SiteKind
  std::uint64_t trampoline_bytes = 0, trampoline_room = 0;
  std::uint64_t relocations_applied = 0, relocations_left = 0;
  std::uint64_t loaded_size = 0;
};

// Sections and symbols that the runtime provides.
inline constexpr char kTrampolineSection[] = ".cloister_trampolines";
inline constexpr char kEncluSection[] = ".text.enclu";
inline constexpr char kEncluPrefix[] = "enclu_";

// An error only for a file that cannot be worked on at all; failed checks are problems.
Result<RuntimeImage> make_runtime_image(std::span<const std::uint8_t> elf_file, const RuntimeImageOptions& options);

}  // namespace cloister
