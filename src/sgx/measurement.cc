// SPDX-License-Identifier: Apache-2.0
// OpenSSL's low-level SHA-256 is used on purpose: its context is the exportable chaining value, and it does not pull
// the EVP layer (several megabytes) into the enclave image. It runs on SHA-NI where the processor has it.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "src/sgx/measurement.h"
#include <algorithm>
#include <cstring>
#include "src/sgx/records.h"

namespace cloister::sgx {

Measurement::Measurement(std::uint32_t ssa_frame_size_pages, std::uint64_t enclave_size_bytes) {
  SHA256_Init(&context_);
  const EcreateRecord record = ecreate_record(ssa_frame_size_pages, enclave_size_bytes);
  SHA256_Update(&context_, &record, sizeof record);
}

Measurement::Measurement(const MeasurementState& state) {
  SHA256_Init(&context_);
  std::copy(state.chaining.begin(), state.chaining.end(), context_.h);
  const std::uint64_t bits = state.size * 8;
  context_.Nl = static_cast<SHA_LONG>(bits);
  context_.Nh = static_cast<SHA_LONG>(bits >> 32);
}

void Measurement::eadd(std::uint64_t page_offset, std::uint64_t secinfo_flags) {
  const EaddRecord record = eadd_record(page_offset, secinfo_flags);
  SHA256_Update(&context_, &record, sizeof record);
}

void Measurement::eextend(std::uint64_t offset, std::span<const std::uint8_t, kExtendSize> bytes) {
  const EextendRecord record = eextend_record(offset);
  SHA256_Update(&context_, &record, sizeof record);
  SHA256_Update(&context_, bytes.data(), bytes.size());
}

void Measurement::add_page(std::uint64_t page_offset, std::uint64_t secinfo_flags,
                           std::span<const std::uint8_t, kPageSize> page) {
  // One update per page instead of 33, so that the hash runs over 81 blocks without a break.
  struct {
    EaddRecord add;
    struct {
      EextendRecord extend;
      std::uint8_t bytes[kExtendSize];
    } chunks[kExtendsPerPage];
  } records;
  static_assert(sizeof records == 81 * 64);
  records.add = eadd_record(page_offset, secinfo_flags);
  for (std::size_t i = 0; i < kExtendsPerPage; ++i) {
    records.chunks[i].extend = eextend_record(page_offset + i * kExtendSize);
    std::memcpy(records.chunks[i].bytes, page.data() + i * kExtendSize, kExtendSize);
  }
  SHA256_Update(&context_, &records, sizeof records);
}

Digest Measurement::finish() const {
  SHA256_CTX copy = context_;
  Digest digest;
  SHA256_Final(digest.data(), &copy);
  return digest;
}

MeasurementState Measurement::export_state() const {
  MeasurementState state;
  std::copy(std::begin(context_.h), std::end(context_.h), state.chaining.begin());
  state.size = (static_cast<std::uint64_t>(context_.Nh) << 32 | context_.Nl) / 8;
  return state;
}

Digest sha256(std::span<const std::uint8_t> bytes) {
  // Not OpenSSL's one-shot SHA256(), which goes through EVP.
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  Digest digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

}  // namespace cloister::sgx
