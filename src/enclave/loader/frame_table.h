// SPDX-License-Identifier: Apache-2.0
// Call frame information of an ELF file (.eh_frame and its sorted index .eh_frame_hdr), for the crash reports of debug
// enclaves: how to get from one frame to its caller without frame pointers. The file is hostile input: what does not
// fit gives nothing. Trusted, kernel storey; pure functions over a reader.
#pragma once
#include <optional>
#include "src/enclave/loader/elf_headers.h"
#include "src/enclave/loader/frame_program.h"

namespace cloister::loader {
// The rules at the byte at `position` of the file.
std::optional<FrameRules> find_frame_rules(const ReadAt& read, std::uint64_t file_size, std::uint64_t position);
}  // namespace cloister::loader
