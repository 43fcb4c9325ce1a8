// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/signed_der.h"
#include <algorithm>

namespace cloister::dcap {
namespace {
constexpr std::uint8_t kEcdsaSha256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};  // contents of the identifier
}

Result<void> expect_ecdsa_sha256(Bytes algorithm_identifier) {
  DerReader reader(algorithm_identifier);
  const DerElement algorithm = TRY(reader.expect(DerTag::object_identifier));
  TRY(reader.finish());
  if (!std::ranges::equal(algorithm.content, kEcdsaSha256))
    return Error(Errc::unsupported, "the signature algorithm is not ecdsa-with-SHA256");
  return {};
}

Result<SignedDer> parse_signed_der(Bytes der) {
  DerReader outer(TRY(der_whole(der, DerTag::sequence)).content);
  const DerElement signed_part = TRY(outer.expect(DerTag::sequence));
  TRY(expect_ecdsa_sha256(TRY(outer.expect(DerTag::sequence)).content));
  SignedDer parts;
  parts.signature = TRY(der_p256_signature(TRY(der_octets_of_bits(TRY(outer.expect(DerTag::bit_string))))));
  TRY(outer.finish());
  parts.digest = sgx::sha256(signed_part.whole);
  parts.content = signed_part.content;
  return parts;
}
}  // namespace cloister::dcap
