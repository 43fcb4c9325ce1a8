// SPDX-License-Identifier: Apache-2.0
// PEM (RFC 7468) in the one form that certification data and collateral use: labels, lines of 64 (or, from older
// services, 76) characters, nothing between or around the blocks but line ends and a final NUL. Strict, so that no bit
// of the text is without effect.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>
#include "src/base/result.h"
#include "src/dcap/byte_reader.h"

namespace cloister::dcap {

using OwnedBytes = std::vector<std::uint8_t>;

// The contents of all blocks, which must have this label, such as "CERTIFICATE". Errc::invalid for anything else, and
// for more than `count_limit` blocks. What it allocates is no more than the text is long.
Result<std::vector<OwnedBytes>> parse_pem(std::string_view text, std::string_view label, std::size_t count_limit);
bool looks_like_pem(Bytes bytes);
std::string to_pem(Bytes der, std::string_view label);

}  // namespace cloister::dcap
