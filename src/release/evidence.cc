// SPDX-License-Identifier: Apache-2.0
#include "src/release/evidence.h"
#include <algorithm>
#include "src/base/fields.h"

namespace cloister::release {
namespace {
constexpr std::string_view kEnclaveLabel("cloister-attest-v1\0E", 20);
constexpr std::string_view kCasLabel("cloister-cas-v1\0C", 17);
constexpr std::string_view kAuditHeadLabel("cloister-audit-head-v1\0", 23);
constexpr std::string_view kCasIdLabel = "cloister-cas-v1";

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

// Parts one after the other; the last must end where the array does.
template <std::size_t kSize>
class Concatenation {
 public:
  Concatenation& add(Bytes part) {
    std::copy(part.begin(), part.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += part.size();
    return *this;
  }
  Concatenation& add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) bytes_[used_++] = static_cast<std::uint8_t>(number >> (8 * i));
    return *this;
  }
  const std::array<std::uint8_t, kSize>& whole() const { return bytes_; }

 private:
  std::array<std::uint8_t, kSize> bytes_{};
  std::size_t used_ = 0;
};
}  // namespace

Tbs to_be_signed(const EvidenceOfConnection& evidence) {
  return Concatenation<kTbsSize>()
      .add(bytes_of(kEnclaveLabel))
      .add(evidence.exported)
      .add(sha256(evidence.hello))
      .add(sha256(evidence.challenge))
      .add(sha256(evidence.cas_key))
      .add(sha256(evidence.audit_key))
      .add(sha256(evidence.enclave_key))
      .whole();
}

ReportData report_data(const EvidenceOfConnection& evidence) {
  return Concatenation<sizeof(ReportData)>().add(sha256(to_be_signed(evidence))).add(kEvidenceLabel).whole();
}

std::array<std::uint8_t, kCasTbsSize> to_be_signed(const EvidenceOfCas& evidence) {
  return Concatenation<kCasTbsSize>()
      .add(bytes_of(kCasLabel))
      .add(evidence.nonce)
      .add(evidence.cas_key_hash)
      .add(evidence.audit_key_hash)
      .add(evidence.owner_key_hash)
      .add(evidence.audit_sequence)
      .add(evidence.audit_head)
      .whole();
}

ReportData report_data(const EvidenceOfCas& evidence) {
  return Concatenation<sizeof(ReportData)>().add(sha256(to_be_signed(evidence))).whole();
}

ConfigId configured_enclave_id(const Digest& cas_key_hash, std::string_view config_id) {
  return Concatenation<sizeof(ConfigId)>().add(cas_key_hash).add(sha256(bytes_of(config_id))).whole();
}

ConfigId cas_id(const Digest& owner_key_hash) {
  return Concatenation<sizeof(ConfigId)>().add(owner_key_hash).add(sha256(bytes_of(kCasIdLabel))).whole();
}

std::array<std::uint8_t, kAuditHeadTbsSize> to_be_signed(std::uint64_t audit_sequence, const Digest& audit_head) {
  return Concatenation<kAuditHeadTbsSize>().add(bytes_of(kAuditHeadLabel)).add(audit_sequence).add(audit_head).whole();
}

bool equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  if (a.size() != b.size()) return false;
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

}  // namespace cloister::release
