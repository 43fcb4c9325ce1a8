// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/simulation/certificate_writer.h"
#include <openssl/x509v3.h>
#include <algorithm>
#include "src/dcap/openssl_pointers.h"

namespace cloister::dcap::simulation {
namespace {

using CertificateObject = std::unique_ptr<X509, FreeWith<X509_free>>;
using CrlObject = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using RevokedObject = std::unique_ptr<X509_REVOKED, FreeWith<X509_REVOKED_free>>;
using NameObject = std::unique_ptr<X509_NAME, FreeWith<X509_NAME_free>>;
using TimeObject = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;
using IntegerObject = std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>>;
using NumberObject = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using ExtensionObject = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using OidObject = std::unique_ptr<ASN1_OBJECT, FreeWith<ASN1_OBJECT_free>>;
using OctetsObject = std::unique_ptr<ASN1_OCTET_STRING, FreeWith<ASN1_OCTET_STRING_free>>;

Error failed() {
  clear_openssl_errors();
  return Error(Errc::io, "OpenSSL could not make a certificate or CRL");
}

NameObject name_of(const std::string& common_name) {
  NameObject name(X509_NAME_new());
  const auto add = [&](const char* field, const std::string& text) {
    return X509_NAME_add_entry_by_txt(name.get(), field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
  };
  return name && add("CN", common_name) && add("O", "Cloister") ? std::move(name) : nullptr;
}

TimeObject time_of(UnixTime time) { return TimeObject(ASN1_TIME_set(nullptr, time)); }

IntegerObject integer_of(const std::array<std::uint8_t, 20>& serial) {
  const NumberObject number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  return IntegerObject(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
}

// `text` is in the language of OpenSSL's configuration files.
ExtensionObject extension_of(int nid, const char* text, X509* issuer, X509* subject, X509_CRL* crl) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, subject, nullptr, crl, 0);
  X509V3_set_ctx_nodb(&context);
  return ExtensionObject(X509V3_EXT_conf_nid(nullptr, &context, nid, text));
}

bool add_extension(X509* certificate, X509* issuer, int nid, const char* text) {
  const ExtensionObject extension = extension_of(nid, text, issuer, certificate, nullptr);
  return extension && X509_add_ext(certificate, extension.get(), -1);
}

bool add_sgx_extension(X509* certificate, const OwnedBytes& value) {
  const OidObject oid(OBJ_txt2obj("1.2.840.113741.1.13.1", 1));
  const OctetsObject octets(ASN1_OCTET_STRING_new());
  if (!oid || !octets || !ASN1_OCTET_STRING_set(octets.get(), value.data(), static_cast<int>(value.size())))
    return false;
  const ExtensionObject extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, octets.get()));
  return extension && X509_add_ext(certificate, extension.get(), -1);
}

// An object that has the issuer's key and its identifier, which is all that an authority key identifier needs.
CertificateObject issuer_stand_in(const PrivateKey& issuer) {
  CertificateObject stand_in(X509_new());
  return stand_in && X509_set_pubkey(stand_in.get(), issuer.openssl()) &&
                 add_extension(stand_in.get(), stand_in.get(), NID_subject_key_identifier, "hash")
             ? std::move(stand_in)
             : nullptr;
}

template <typename Object, typename Encode>
Result<OwnedBytes> encode(Object* object, Encode&& function) {
  std::uint8_t* der = nullptr;
  const int size = function(object, &der);
  if (size <= 0) return failed();
  OwnedBytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

Result<OwnedBytes> make_certificate(const CertificateRequest& request, const PrivateKey& subject,
                                    const PrivateKey& issuer) {
  const CertificateObject certificate(X509_new()), stand_in = issuer_stand_in(issuer);
  const NameObject subject_name = name_of(request.common_name), issuer_name = name_of(request.issuer_common_name);
  const TimeObject from = time_of(request.validity.from), until = time_of(request.validity.until);
  const IntegerObject serial = integer_of(request.serial);
  if (!certificate || !stand_in || !subject_name || !issuer_name || !from || !until || !serial) return failed();
  X509* const x = certificate.get();
  const std::string constraints =
      request.path_length ? "critical,CA:TRUE,pathlen:" + std::to_string(*request.path_length) : "critical,CA:FALSE";
  const char* const usage =
      request.path_length ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature,nonRepudiation";
  const bool made = X509_set_version(x, X509_VERSION_3) && X509_set_serialNumber(x, serial.get()) &&
                    X509_set_issuer_name(x, issuer_name.get()) && X509_set_subject_name(x, subject_name.get()) &&
                    X509_set1_notBefore(x, from.get()) && X509_set1_notAfter(x, until.get()) &&
                    X509_set_pubkey(x, subject.openssl()) &&
                    add_extension(x, stand_in.get(), NID_authority_key_identifier, "keyid:always") &&
                    add_extension(x, stand_in.get(), NID_crl_distribution_points,
                                  "URI:https://cloister-simulation.invalid/crl.der") &&
                    add_extension(x, x, NID_subject_key_identifier, "hash") &&
                    add_extension(x, x, NID_key_usage, usage) &&
                    add_extension(x, x, NID_basic_constraints, constraints.c_str()) &&
                    (request.sgx_extension.empty() || add_sgx_extension(x, request.sgx_extension)) &&
                    (request.alternative_names.empty() ||
                     add_extension(x, x, NID_subject_alt_name, request.alternative_names.c_str())) &&
                    X509_sign(x, issuer.openssl(), EVP_sha256()) > 0;
  if (!made) return failed();
  return encode(x, i2d_X509);
}

Result<OwnedBytes> make_crl(const CrlRequest& request, const PrivateKey& issuer) {
  const CrlObject crl(X509_CRL_new());
  const CertificateObject stand_in = issuer_stand_in(issuer);
  const NameObject name = name_of(request.issuer_common_name);
  const TimeObject from = time_of(request.validity.from), until = time_of(request.validity.until);
  if (!crl || !stand_in || !name || !from || !until) return failed();
  if (!X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) || !X509_CRL_set_issuer_name(crl.get(), name.get()) ||
      !X509_CRL_set1_lastUpdate(crl.get(), from.get()) || !X509_CRL_set1_nextUpdate(crl.get(), until.get()))
    return failed();
  for (const auto& serial : request.revoked) {
    RevokedObject entry(X509_REVOKED_new());
    const IntegerObject number = integer_of(serial);
    if (!entry || !number || !X509_REVOKED_set_serialNumber(entry.get(), number.get()) ||
        !X509_REVOKED_set_revocationDate(entry.get(), from.get()) || !X509_CRL_add0_revoked(crl.get(), entry.get()))
      return failed();
    (void)entry.release();
  }
  const IntegerObject number(ASN1_INTEGER_new());
  const ExtensionObject key_identifier =
      extension_of(NID_authority_key_identifier, "keyid:always", stand_in.get(), nullptr, crl.get());
  if (!number || !key_identifier || !ASN1_INTEGER_set(number.get(), request.number) ||
      X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, number.get(), 0, 0) <= 0 ||
      !X509_CRL_add_ext(crl.get(), key_identifier.get(), -1))
    return failed();
  if (X509_CRL_sort(crl.get()) <= 0 || X509_CRL_sign(crl.get(), issuer.openssl(), EVP_sha256()) <= 0) return failed();
  return encode(crl.get(), i2d_X509_CRL);
}

std::array<std::uint8_t, 20> serial_of(Bytes seed) {
  const Digest digest = sgx::sha256(seed);
  std::array<std::uint8_t, 20> serial;
  std::copy_n(digest.begin(), serial.size(), serial.begin());
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7f) | 0x40);
  return serial;
}

}  // namespace cloister::dcap::simulation
