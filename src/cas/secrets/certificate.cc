// SPDX-License-Identifier: Apache-2.0
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/secrets/pem_text.h"

// OpenSSL keeps what it reads of the extensions inside the certificate, hence the const_casts.
namespace cloister::cas {
namespace {

Result<dcap::UnixTime> seconds_of(const ASN1_TIME* time) {
  struct tm parts {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return openssl_failed("a certificate with an unreadable date");
  return static_cast<dcap::UnixTime>(timegm(&parts));
}

}  // namespace

Result<void> check_may_issue(const X509& issuer, Subject subject, dcap::UnixTime now) {
  if (!is_authority(issuer)) return Error(Errc::invalid, "its issuer is no certificate authority");
  if (subject == Subject::authority && path_length(issuer) == 0u)
    return Error(Errc::invalid, "its issuer's path length allows no authority below it");
  if (now < TRY(seconds_of(X509_get0_notBefore(&issuer))))
    return Error(Errc::invalid, "its issuer's certificate is not yet in force");
  if (now > TRY(seconds_of(X509_get0_notAfter(&issuer))))
    return Error(Errc::invalid, "its issuer's certificate has expired");
  return {};
}

std::optional<std::uint32_t> path_length(const X509& certificate) {
  const long length = X509_get_pathlen(const_cast<X509*>(&certificate));
  if (length < 0) return std::nullopt;
  return static_cast<std::uint32_t>(length);
}

Result<std::vector<X509Pointer>> certificates_from_pem(std::string_view text) {
  std::vector<X509Pointer> certificates;
  for (const PemBlock& block : TRY(read_pem(text))) {
    if (block.label != "CERTIFICATE") return Error(Errc::invalid, "a PEM block that is no certificate");
    certificates.push_back(TRY(certificate_from_der(block.der)));
  }
  return certificates;
}

Result<X509Pointer> certificate_from_der(std::span<const std::uint8_t> der) {
  const unsigned char* position = der.data();
  X509Pointer certificate(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
  const bool whole = certificate && position == der.data() + der.size();
  const bool sound = whole && (X509_get_extension_flags(certificate.get()) & EXFLAG_INVALID) == 0;
  clear_openssl_errors();
  if (!sound) return Error(Errc::invalid, "a certificate that cannot be read");
  return certificate;
}

Result<SecretBytes> certificate_der(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(&certificate, &der);
  if (size <= 0) return openssl_failed("a certificate cannot be written");
  SecretBytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

bool is_authority(const X509& certificate) { return X509_check_ca(const_cast<X509*>(&certificate)) == 1; }

bool is_issued_by(const X509& certificate, const X509& issuer) {
  EVP_PKEY* const key = X509_get0_pubkey(&issuer);
  const bool issued = key &&
                      X509_check_issued(const_cast<X509*>(&issuer), const_cast<X509*>(&certificate)) == X509_V_OK &&
                      X509_verify(const_cast<X509*>(&certificate), key) == 1;
  clear_openssl_errors();
  return issued;
}

bool is_same_issuer(const X509& one, const X509& other) {
  const EVP_PKEY* const key = X509_get0_pubkey(&one);
  const EVP_PKEY* const other_key = X509_get0_pubkey(&other);
  return key && other_key && is_same_key(*key, *other_key) &&
         X509_NAME_cmp(X509_get_subject_name(&one), X509_get_subject_name(&other)) == 0;
}

bool belongs_to(const X509& certificate, const EVP_PKEY& key) {
  const bool same = X509_check_private_key(&certificate, &key) == 1;
  clear_openssl_errors();
  return same;
}

}  // namespace cloister::cas
