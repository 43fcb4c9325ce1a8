// SPDX-License-Identifier: Apache-2.0
// Whole files for the verbs that look at bytes. Owner's tools.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "src/base/result.h"

namespace cloister {

// An errno error, or Errc::invalid for a directory and for a file of more than `size_limit` bytes; the text continues a
// line that began with the file's name. "-" is standard input.
Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t size_limit);

// "cloister VERB: FILE: what (errno)" on standard error; the exit status for unusable input.
int unusable(const char* verb, const std::string& file, const Error& error);
// `text` on standard output; `status`, or 2 where it cannot be written.
int print(const std::string& text, int status);

}  // namespace cloister
