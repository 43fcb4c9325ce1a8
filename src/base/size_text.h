// SPDX-License-Identifier: Apache-2.0
// Sizes as people write them.
#pragma once
#include <cstdint>
#include <string>
#include "src/base/result.h"

namespace cloister {
// "64M", "1G", "4GiB"; bytes without a suffix. Errc::invalid otherwise.
Result<std::uint64_t> parse_size(const std::string& text);
// The shortest of those forms.
std::string size_text(std::uint64_t size);
}  // namespace cloister
