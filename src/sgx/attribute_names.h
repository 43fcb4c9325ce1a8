// SPDX-License-Identifier: Apache-2.0
// ATTRIBUTES, XFRM and MISCSELECT in words, for people. Owner's tools; not in an enclave image.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cloister::sgx {

using BitName = std::pair<std::uint64_t, const char*>;
// The names of the bits that are set, in the order of `names`; all bits without a name as one number, last.
std::vector<std::string> bit_names(std::uint64_t bits, std::span<const BitName> names);

std::vector<std::string> attribute_flag_names(std::uint64_t flags);  // "DEBUG", "KSS" and so on
std::vector<std::string> xfrm_names(std::uint64_t xfrm);             // "X87", "SSE"; XFAM of a trust domain too
std::vector<std::string> miscselect_names(std::uint32_t miscselect);

}  // namespace cloister::sgx
