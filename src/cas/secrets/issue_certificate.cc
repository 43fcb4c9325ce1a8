// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <array>
#include "src/cas/secrets/certificate.h"

namespace cloister::cas {
namespace {

constexpr int kVersion3 = 2;
constexpr char kForEver[] = "99991231235959Z";
constexpr std::size_t kKeyIdentifierSize = 20;

using OctetsPointer = std::unique_ptr<ASN1_OCTET_STRING, FreeWith<ASN1_OCTET_STRING_free>>;
using IntegerPointer = std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>>;
using BitsPointer = std::unique_ptr<ASN1_BIT_STRING, FreeWith<ASN1_BIT_STRING_free>>;

Error failed() { return openssl_failed("a certificate cannot be made"); }

class Builder {
 public:
  Builder(const CertificateRequest& request, EVP_PKEY& subject, const Issuer* issuer)
      : request_(request), subject_(subject), issuer_(issuer), certificate_(X509_new()) {}
  Result<X509Pointer> build();

 private:
  Result<void> set_serial();
  Result<void> set_names();
  Result<void> set_validity();
  Result<void> add_constraints();
  Result<void> add_usage();
  Result<void> add_alternative_names();
  Result<void> add_key_identifiers();
  Result<void> sign();
  Result<void> add(int nid, void* value, int critical);
  bool is_rsa() const { return EVP_PKEY_get_base_id(&subject_) == EVP_PKEY_RSA; }

  const CertificateRequest& request_;
  EVP_PKEY& subject_;
  const Issuer* const issuer_;
  X509Pointer certificate_;
};

Result<X509Pointer> Builder::build() {
  if (!certificate_ || X509_set_version(certificate_.get(), kVersion3) != 1 ||
      X509_set_pubkey(certificate_.get(), &subject_) != 1)
    return failed();
  TRY(set_serial());
  TRY(set_names());
  TRY(set_validity());
  TRY(add_constraints());
  TRY(add_usage());
  TRY(add_alternative_names());
  TRY(add_key_identifiers());
  TRY(sign());
  return std::move(certificate_);
}

Result<void> Builder::add(int nid, void* value, int critical) {
  if (X509_add1_ext_i2d(certificate_.get(), nid, value, critical, X509V3_ADD_DEFAULT) != 1) return failed();
  return {};
}

// Positive, and of 20 bytes in every encoding: the first bit is 0 and the second 1.
Result<void> Builder::set_serial() {
  std::array<std::uint8_t, 20> serial;
  if (RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) return failed();
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
  if (ASN1_STRING_set(X509_get_serialNumber(certificate_.get()), serial.data(), static_cast<int>(serial.size())) != 1)
    return failed();
  return {};
}

Result<void> Builder::set_names() {
  if (request_.common_name.empty() || request_.common_name.size() > kCommonNameLimit)
    return Error(Errc::invalid, "a common name has 1 to 64 characters (give a shorter common_name)");
  X509_NAME* const name = X509_get_subject_name(certificate_.get());
  const auto* const text = reinterpret_cast<const unsigned char*>(request_.common_name.data());
  if (X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text,
                                 static_cast<int>(request_.common_name.size()), -1, 0) != 1) {
    clear_openssl_errors();
    return Error(Errc::invalid, "the common name is no text in UTF-8");
  }
  const X509_NAME* const issuer = issuer_ ? X509_get_subject_name(&issuer_->certificate) : name;
  if (X509_set_issuer_name(certificate_.get(), issuer) != 1) return failed();
  return {};
}

Result<void> Builder::set_validity() {
  ASN1_TIME* const until = X509_getm_notAfter(certificate_.get());
  if (!ASN1_TIME_set(X509_getm_notBefore(certificate_.get()), request_.now - kBackdated)) return failed();
  if (request_.valid_seconds) {
    // Beyond the year 9999 there is no encoding.
    if (!ASN1_TIME_adj(until, request_.now, static_cast<int>(*request_.valid_seconds / 86400),
                       static_cast<long>(*request_.valid_seconds % 86400))) {
      clear_openssl_errors();
      return Error(Errc::invalid, "valid_for leads beyond the year 9999");
    }
  } else if (ASN1_TIME_set_string(until, kForEver) != 1) {
    return failed();
  }
  if (!issuer_) return {};
  const ASN1_TIME* const last = X509_get0_notAfter(&issuer_->certificate);
  if (ASN1_TIME_compare(until, last) > 0 && X509_set1_notAfter(certificate_.get(), last) != 1) return failed();
  return {};
}

Result<void> Builder::add_constraints() {
  BASIC_CONSTRAINTS constraints{.ca = request_.authority ? 0xff : 0, .pathlen = nullptr};
  const IntegerPointer length(ASN1_INTEGER_new());
  if (request_.authority && request_.path_length) {
    if (!length || ASN1_INTEGER_set_uint64(length.get(), *request_.path_length) != 1) return failed();
    constraints.pathlen = length.get();
  }
  return add(NID_basic_constraints, &constraints, 1);
}

Result<void> Builder::add_usage() {
  enum Bit { kDigitalSignature = 0, kKeyEncipherment = 2, kKeyCertSign = 5, kCrlSign = 6 };
  const BitsPointer bits(ASN1_BIT_STRING_new());
  if (!bits) return failed();
  const auto set = [&](Bit bit) { return ASN1_BIT_STRING_set_bit(bits.get(), bit, 1) == 1; };
  const bool done = request_.authority ? set(kKeyCertSign) && set(kCrlSign)
                                       : set(kDigitalSignature) && (!is_rsa() || set(kKeyEncipherment));
  if (!done) return failed();
  TRY(add(NID_key_usage, bits.get(), 1));
  if (request_.authority || request_.endpoint == session::Endpoint::any) return {};
  const std::unique_ptr<EXTENDED_KEY_USAGE, FreeWith<EXTENDED_KEY_USAGE_free>> usage(EXTENDED_KEY_USAGE_new());
  const int purpose = request_.endpoint == session::Endpoint::server ? NID_server_auth : NID_client_auth;
  if (!usage || sk_ASN1_OBJECT_push(usage.get(), OBJ_nid2obj(purpose)) <= 0) return failed();
  return add(NID_ext_key_usage, usage.get(), 0);
}

Result<void> Builder::add_alternative_names() {
  if (request_.names.empty()) return {};
  const std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>> names(GENERAL_NAMES_new());
  if (!names) return failed();
  for (const session::AlternativeName& wanted : request_.names) {
    std::array<std::uint8_t, 16> address{};
    std::span<const std::uint8_t> content{reinterpret_cast<const std::uint8_t*>(wanted.text.data()),
                                          wanted.text.size()};
    if (wanted.is_address) {
      const bool v6 = wanted.text.find(':') != std::string::npos;
      if (inet_pton(v6 ? AF_INET6 : AF_INET, wanted.text.c_str(), address.data()) != 1)
        return Error(Errc::invalid, "an alternative name is no IP address");
      content = std::span<const std::uint8_t>(address).first(v6 ? 16 : 4);
    }
    // An IA5String is ASCII.
    for (const std::uint8_t byte : content)
      if (!wanted.is_address && (byte <= ' ' || byte >= 0x7f))
        return Error(Errc::invalid, "an alternative name is no DNS name (write other alphabets as xn--…)");
    std::unique_ptr<GENERAL_NAME, FreeWith<GENERAL_NAME_free>> name(GENERAL_NAME_new());
    ASN1_STRING* const value = ASN1_STRING_type_new(wanted.is_address ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    if (!name || !value) return failed();
    GENERAL_NAME_set0_value(name.get(), wanted.is_address ? GEN_IPADD : GEN_DNS, value);
    if (ASN1_STRING_set(value, content.data(), static_cast<int>(content.size())) != 1 ||
        sk_GENERAL_NAME_push(names.get(), name.get()) <= 0)
      return failed();
    (void)name.release();  // it is the list's now
  }
  return add(NID_subject_alt_name, names.get(), 0);
}

Result<void> Builder::add_key_identifiers() {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest;
  unsigned size = 0;
  const OctetsPointer own(ASN1_OCTET_STRING_new());
  if (!own || X509_pubkey_digest(certificate_.get(), EVP_sha256(), digest.data(), &size) != 1 ||
      ASN1_OCTET_STRING_set(own.get(), digest.data(), kKeyIdentifierSize) != 1)
    return failed();
  TRY(add(NID_subject_key_identifier, own.get(), 0));
  const ASN1_OCTET_STRING* const above =
      issuer_ ? X509_get0_subject_key_id(const_cast<X509*>(&issuer_->certificate)) : own.get();
  if (!above) return {};  // a stated authority may have none; then there is nothing to name
  AUTHORITY_KEYID identifier{.keyid = const_cast<ASN1_OCTET_STRING*>(above), .issuer = nullptr, .serial = nullptr};
  return add(NID_authority_key_identifier, &identifier, 0);
}

Result<void> Builder::sign() {
  EVP_PKEY& key = issuer_ ? issuer_->key : subject_;
  const EVP_MD* digest = EVP_sha256();
  if (EVP_PKEY_get_base_id(&key) == EVP_PKEY_ED25519) digest = nullptr;  // it hashes by itself
  if (EVP_PKEY_get_base_id(&key) == EVP_PKEY_EC && EVP_PKEY_get_bits(&key) > 256) digest = EVP_sha384();
  if (X509_sign(certificate_.get(), &key, digest) <= 0) return failed();
  return {};
}

}  // namespace

Result<X509Pointer> issue_certificate(const CertificateRequest& request, EVP_PKEY& subject, const Issuer* issuer) {
  return Builder(request, subject, issuer).build();
}

}  // namespace cloister::cas
