// SPDX-License-Identifier: Apache-2.0
#include "src/cas/upgrade/confirmation.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/upgrade/signature.h"

namespace cloister::cas {
namespace {

constexpr std::string_view kLabel("cloister-cas-confirmation-v1\0", 29);

using Writer = FieldWriter<std::vector<std::uint8_t>>;

std::vector<std::uint8_t> statement_of(const sgx::Digest& cas_key_hash) {
  return Writer()
      .fixed({reinterpret_cast<const std::uint8_t*>(kLabel.data()), kLabel.size()})
      .fixed(cas_key_hash)
      .take();
}

}  // namespace

std::vector<std::uint8_t> encode(const SignedConfirmation& confirmation) {
  return Writer()
      .fixed(statement_of(confirmation.cas_key_hash))
      .bytes(confirmation.owner_key)
      .bytes(confirmation.signature)
      .take();
}

Result<SignedConfirmation> decode_confirmation(Bytes bytes) {
  constexpr char kMalformed[] = "the confirmation is malformed";
  FieldReader reader(bytes);
  SignedConfirmation confirmation;
  const auto label = TRY(reader.fixed<kLabel.size()>(kMalformed));
  if (text_of(label) != kLabel) return Error(Errc::invalid, "this is no confirmation of a CAS's key");
  confirmation.cas_key_hash = TRY(reader.fixed<32>(kMalformed));
  const Bytes key = TRY(reader.bytes(kSigningKeySize, kMalformed));
  confirmation.owner_key.assign(key.begin(), key.end());
  const Bytes signature = TRY(reader.bytes(kSignatureLimit, kMalformed));
  confirmation.signature.assign(signature.begin(), signature.end());
  TRY(reader.end(kMalformed));
  return confirmation;
}

Result<SignedConfirmation> confirm(const sgx::Digest& cas_key_hash, evp_pkey_st& owner_key) {
  SignedConfirmation confirmation;
  confirmation.cas_key_hash = cas_key_hash;
  const SecretBytes key = TRY(public_key_der(owner_key));
  confirmation.owner_key.assign(key.begin(), key.end());
  confirmation.signature = TRY(sign_statement(owner_key, statement_of(cas_key_hash)));
  return confirmation;
}

Result<void> verify(const SignedConfirmation& confirmation, const sgx::Digest& cas_key_hash,
                    const sgx::Digest& owner_key_hash) {
  if (confirmation.cas_key_hash != cas_key_hash)
    return Error(Errc::mismatch, "the confirmation is of another CAS's key");
  if (sgx::sha256(confirmation.owner_key) != owner_key_hash)
    return Error(Errc::mismatch, "the confirmation is signed by somebody else than the owner");
  if (!verify_statement(confirmation.owner_key, statement_of(cas_key_hash), confirmation.signature).ok())
    return Error(Errc::mismatch, "the confirmation's signature does not hold");
  return {};
}

}  // namespace cloister::cas
