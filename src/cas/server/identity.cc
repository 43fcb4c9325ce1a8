// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/identity.h"
#include "src/cas/secrets/keys.h"
#include "src/ratls/make.h"

namespace cloister::cas {
namespace {
constexpr long kCertificateSeconds = 10L * 365 * 86400;
constexpr long kClockDifference = 86400;  // a client's clock may be behind
constexpr long kEvidenceSeconds = 30L * 86400;
constexpr char kName[] = "Cloister CAS";

Error failed(const char* what) { return Error(Errc::io, what); }

Result<std::shared_ptr<X509>> make_certificate(EVP_PKEY* key) {
  std::shared_ptr<X509> certificate(X509_new(), X509_free);
  if (certificate == nullptr) return failed("no memory for a certificate");
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const bool made = X509_set_version(certificate.get(), 2) == 1 &&
                    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1) == 1 &&
                    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kClockDifference) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kCertificateSeconds) != nullptr &&
                    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(kName),
                                               -1, -1, 0) == 1 &&
                    X509_set_issuer_name(certificate.get(), name) == 1 &&
                    X509_set_pubkey(certificate.get(), key) == 1 && X509_sign(certificate.get(), key, EVP_sha256()) > 0;
  if (!made) return failed("the certificate cannot be made");
  return certificate;
}

Result<KeyPointer> make_and_store(Committer& committer, std::uint64_t now) {
  KeyPointer key = TRY(generate_key(session::KeyType::p256));
  auto der = TRY(private_key_der(*key));
  Mutation mutation;
  mutation.demands.push_back({kCasKeyRecord, kAbsent});
  mutation.changes.push_back({kCasKeyRecord, std::move(der)});
  audit::Entry entry;
  entry.kind = audit::Kind::cas_started;
  entry.time = now;
  entry.text = "first start: CAS key made";
  mutation.entries.push_back(std::move(entry));
  TRY(committer.commit(std::move(mutation)));
  return key;
}
}  // namespace

Result<Identity> load_identity(Committer& committer, SealedStore& store, const release::Digest& owner_key_hash,
                               std::uint64_t now_milliseconds, std::string& problem) {
  const auto load = [&]() -> Result<Identity> {
    const auto record = TRY(store.get(kCasKeyRecord));
    Identity identity;
    identity.key = record == nullptr ? TRY(make_and_store(committer, now_milliseconds))
                                     : TRY(private_key_from_der(record->content));
    const SecretBytes public_key = TRY(public_key_der(*identity.key));
    identity.public_key.assign(public_key.begin(), public_key.end());
    identity.key_hash = release::sha256(identity.public_key);
    identity.owner_key_hash = owner_key_hash;
    identity.certificate = TRY(make_certificate(identity.key.get()));
    return identity;
  };
  auto identity = load();
  if (!identity.ok()) problem = std::string("CAS's key: ") + identity.error().what();
  return identity;
}

Result<std::vector<std::uint8_t>> certificate_with_evidence(const Identity& identity, release::Bytes quote,
                                                            release::Bytes claims, dcap::UnixTime now) {
  return ratls::make_certificate({.common_name = kName,
                                  .validity = {now - kClockDifference, now + kEvidenceSeconds},
                                  .quote = quote,
                                  .claims = claims},
                                 identity.key.get());
}
}  // namespace cloister::cas
