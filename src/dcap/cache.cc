// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/cache.h"
#include <algorithm>

namespace cloister::dcap {
namespace {

// A parsed document needs a few times the memory of its text.
constexpr std::size_t kBytesPerByte = 4;

template <typename Value, typename Parse>
Result<std::shared_ptr<const Value>> get_or_parse(BoundedCache<Value>& cache, Bytes file, Parse&& parse) {
  const Digest digest = sgx::sha256(file);
  if (auto known = cache.get(digest)) return known;
  auto value = std::make_shared<const Value>(TRY(parse(file)));
  cache.put(digest, value, kBytesPerByte * file.size());
  return std::shared_ptr<const Value>(std::move(value));
}

}  // namespace

Cache::Cache(const Limits& limits)
    : chains_(limits.chains),
      certificates_(limits.certificates),
      crls_(limits.crls),
      tcb_infos_(limits.tcb_infos),
      identities_(limits.identities),
      signatures_(limits.signatures) {}

Result<PckChainPointer> Cache::pck_chain(Bytes certification_data) {
  return get_or_parse(chains_, certification_data, parse_pck_chain);
}
Result<CertificateListPointer> Cache::certificates(Bytes file) {
  return get_or_parse(certificates_, file, parse_certificates);
}
Result<CrlPointer> Cache::crl(Bytes file) {
  return get_or_parse(crls_, file, [](Bytes bytes) -> Result<Crl> { return Crl::parse(TRY(crl_file_to_der(bytes))); });
}
Result<TcbInfoPointer> Cache::tcb_info(Bytes file) { return get_or_parse(tcb_infos_, file, parse_tcb_info); }
Result<EnclaveIdentityPointer> Cache::identity(Bytes file) {
  return get_or_parse(identities_, file, parse_enclave_identity);
}

bool Cache::verify(const P256Key& key, const Digest& digest, const std::array<std::uint8_t, 64>& signature) {
  std::array<std::uint8_t, 64 + 32 + 64> question;
  auto end = std::ranges::copy(key.point(), question.begin()).out;
  end = std::ranges::copy(digest, end).out;
  std::ranges::copy(signature, end);
  const Digest id = sgx::sha256(question);
  if (signatures_.get(id)) return true;
  if (!key.verify(digest, signature)) return false;
  signatures_.put(id, std::make_shared<const Nothing>(), 1);
  return true;
}

}  // namespace cloister::dcap
