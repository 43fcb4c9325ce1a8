// SPDX-License-Identifier: Apache-2.0
// Whole files in and out, outside the enclave. A file is read once, so that its hash and its analysis are of the
// same bytes.
#pragma once
#include <span>
#include <string>
#include <vector>
#include "src/base/result.h"

namespace cloister {

// Errors carry the errno.
Result<std::vector<std::uint8_t>> read_file(const std::string& path);

// Never leaves a part of a file: writes another name, flushes, and renames. `mode` as for open(2).
Result<void> write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes, unsigned mode);

// Likewise, by a link: of several writers all find the first one's file, whose bytes may be other ones.
Result<void> write_file_unless_there(const std::string& path, std::span<const std::uint8_t> bytes, unsigned mode);

// Lower-case hexadecimal SHA-256.
std::string sha256_hex(std::span<const std::uint8_t> bytes);

}  // namespace cloister
