// SPDX-License-Identifier: Apache-2.0
// ISVFAMILYID of enclaves that `cloister run` signs with the user's development key at start. Both sides; a constant.
//
// The key signs whatever is started, so its MRSIGNER says nothing about an enclave. ISVFAMILYID is part of what is
// signed and stands in every REPORT and quote: policies by signer recognise such enclaves by it, whoever's key it is.
// Whoever has the key itself can sign without the mark; then it is an owner's key like any other.
#pragma once
#include <array>
#include <cstdint>

namespace cloister::sgx {
inline constexpr std::array<std::uint8_t, 16> kDevelopmentFamily = {'c', 'l', 'o', 'i', 's', 't', 'e', 'r',
                                                                    ' ', 'd', 'e', 'v', 'e', 'l', 'o', 'p'};
}  // namespace cloister::sgx
