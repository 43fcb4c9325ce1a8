// SPDX-License-Identifier: Apache-2.0
#include "src/cas/upgrade/owner_signature.h"
#include "src/cas/secrets/keys.h"

namespace cloister::cas {

Result<OwnerSignature> sign_as_owner(evp_pkey_st& owner_key, Bytes statement) {
  const SecretBytes key = TRY(public_key_der(owner_key));
  OwnerSignature made;
  made.owner_key.assign(key.begin(), key.end());
  made.signature = TRY(sign_statement(owner_key, statement));
  return made;
}

void write(FieldWriter<std::vector<std::uint8_t>>& to, const OwnerSignature& signature) {
  to.bytes(signature.owner_key).bytes(signature.signature);
}

Result<OwnerSignature> read_owner_signature(FieldReader& from, const char* error) {
  const Bytes key = TRY(from.bytes(kSigningKeySize, error));
  const Bytes signature = TRY(from.bytes(kSignatureLimit, error));
  return OwnerSignature{{key.begin(), key.end()}, {signature.begin(), signature.end()}};
}

Result<void> verify(const OwnerSignature& signature, const sgx::Digest& owner_key_hash, Bytes statement,
                    const OwnerSignatureErrors& errors) {
  if (sgx::sha256(signature.owner_key) != owner_key_hash) return Error(Errc::mismatch, errors.by_another);
  if (!verify_statement(signature.owner_key, statement, signature.signature).ok())
    return Error(Errc::mismatch, errors.does_not_hold);
  return {};
}

}  // namespace cloister::cas
