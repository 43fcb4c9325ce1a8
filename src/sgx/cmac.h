// SPDX-License-Identifier: Apache-2.0
// AES-128-CMAC (NIST SP 800-38B), the MAC of REPORTs and here also the key derivation of the simulated platform. Both
// sides; no allocation, no I/O. Assumes a processor with AES-NI, which every SGX processor has.
#pragma once
#include <array>
#include <cstdint>
#include <span>

namespace cloister::sgx {

using Key128 = std::array<std::uint8_t, 16>;
using Mac = std::array<std::uint8_t, 16>;

Mac aes_cmac(const Key128& key, std::span<const std::uint8_t> message);
// In a time that does not depend on where they differ.
bool equal_macs(const Mac& a, std::span<const std::uint8_t, 16> b);

}  // namespace cloister::sgx
