// SPDX-License-Identifier: Apache-2.0
// MRENCLAVE: the running SHA-256 that ECREATE starts, EADD and EEXTEND extend and EINIT finishes. Both sides; no I/O,
// no allocation. It computes and does not judge: whether a page may be added at all is the caller's question. Source:
// Intel SDM vol. 3D, operation of ECREATE, EADD, EEXTEND and EINIT.
#pragma once
#include <openssl/sha.h>
#include <array>
#include <cstdint>
#include <span>
#include "abi/sgx/page.h"

namespace cloister::sgx {

using Digest = std::array<std::uint8_t, 32>;

// A measurement that can be continued elsewhere, as SECS.MRENCLAVE is between two EADDs. Every record is a whole number
// of SHA-256 blocks, so that the chaining value and the length say everything.
struct MeasurementState {
  std::array<std::uint32_t, 8> chaining;  // H0..H7 of FIPS 180-4
  std::uint64_t size;                     // bytes measured so far, a multiple of 64
  bool operator==(const MeasurementState&) const = default;
};

class Measurement {
 public:
  // ECREATE. `ssa_frame_size_pages` is SECS.SSAFRAMESIZE, `enclave_size_bytes` is SECS.SIZE.
  explicit Measurement(std::uint32_t ssa_frame_size_pages, std::uint64_t enclave_size_bytes);
  // Continues from export_state().
  explicit Measurement(const MeasurementState& state);

  // EADD. `page_offset` is from the enclave's base; of `secinfo_flags` all 64 bits are measured.
  void eadd(std::uint64_t page_offset, std::uint64_t secinfo_flags);
  // EEXTEND of the 256 bytes at `offset` from the enclave's base.
  void eextend(std::uint64_t offset, std::span<const std::uint8_t, kExtendSize> bytes);
  // EADD and 16 EEXTENDs: a page whose contents are all measured.
  void add_page(std::uint64_t page_offset, std::uint64_t secinfo_flags, std::span<const std::uint8_t, kPageSize> page);

  // MRENCLAVE if EINIT came now. Does not end the measurement.
  Digest finish() const;
  MeasurementState export_state() const;

 private:
  SHA256_CTX context_;
};

Digest sha256(std::span<const std::uint8_t> bytes);

}  // namespace cloister::sgx
