// SPDX-License-Identifier: Apache-2.0
// Certificates that others have published, with their makers' flaws: format, binding, signature and, where collateral
// of their time is there, the quotes' verdicts. What OpenSSL says of the signatures is the same (verify -check_ss_sig).
#include <gtest/gtest.h>
#include "src/base/hex.h"
#include "src/dcap/vectors_for_test.h"
#include "src/ratls/certificates_for_test.h"
#include "src/ratls/public_key.h"

namespace cloister::ratls {
namespace {

constexpr dcap::UnixTime kMay2023 = 1'684'500'000;

struct Loaded {
  OwnedBytes der;
  Certificate certificate;
  std::vector<Evidence> evidence;
};
Loaded load(const std::string& name) {
  Loaded loaded{.der = must(certificate_der(dcap::vector_bytes("ratls/" + name))), .certificate = {}, .evidence = {}};
  loaded.certificate = must(parse_certificate(loaded.der));
  loaded.evidence = must(find_evidence(loaded.certificate));
  return loaded;
}
std::vector<Format> formats(const Loaded& loaded) {
  std::vector<Format> list;
  for (const Evidence& one : loaded.evidence) list.push_back(one.format);
  return list;
}
std::vector<Binding> bindings(const Loaded& loaded) {
  return must(check_bindings(loaded.evidence, loaded.certificate));
}
std::string check(const Loaded& loaded, dcap::UnixTime time) {
  const auto checked = check_certificate(loaded.certificate, time);
  return checked.ok() ? "" : checked.error().what();
}
const char* key_kind(const Loaded& loaded) { return must(PublicKey::read(loaded.certificate.public_key)).kind(); }

std::string verdict(const dcap::Quote& quote) {
  dcap::Cache cache;
  const auto file = [](const char* path) { return dcap::vector_bytes(std::string("collateral/") + path); };
  const dcap::Collateral collateral{
      .tcb_info = must(cache.tcb_info(file("tcb/sgx-00606a000000-v3-eval15-20230515T140811Z-9eca11.json"))),
      .qe_identity = must(cache.identity(file("identity/qe-v2-eval15-20230515T144840Z-5caf22.json"))),
      .pck_crl = must(cache.crl(file("crl/pck-platform-20230513T210003Z-ec43d1.der"))),
      .root_crl = must(cache.crl(file("crl/root-20230403T102251Z-f64b58.der"))),
      .tcb_signing = must(cache.certificates(file("certs/Intel_SGX_TCB_Signing-2018-2025.pem"))),
      .pck_ca = {}};
  const auto judgement = dcap::Verified<dcap::Quote>::judge(quote, collateral, dcap::intel_root(), kMay2023, cache);
  return judgement.verified ? status_text(judgement.verdict) : judgement.verdict.error->what();
}

}  // namespace

TEST(Vectors, Gramine) {
  CLOISTER_NEED_VECTORS("ratls/ccc-gramine-cert.pem");
  const Loaded loaded = load("ccc-gramine-cert.pem");
  EXPECT_EQ(formats(loaded), (std::vector{Format::tagged, Format::gramine}));
  EXPECT_EQ(bindings(loaded), (std::vector{Binding::claims, Binding::public_key}));
  EXPECT_STREQ(key_kind(loaded), "EC P-384");
  EXPECT_EQ(check(loaded, kMay2023), "");
  // Two quotes, each for its own binding.
  EXPECT_FALSE(std::ranges::equal(loaded.evidence[0].quote.whole, loaded.evidence[1].quote.whole));
  for (const Evidence& one : loaded.evidence) EXPECT_EQ(verdict(one.quote), "OutOfDate");
}

TEST(Vectors, IntelSgxSdk) {
  CLOISTER_NEED_VECTORS("ratls/ccc-intel-sgxsdk-cert.pem");
  const Loaded loaded = load("ccc-intel-sgxsdk-cert.pem");
  EXPECT_EQ(formats(loaded), (std::vector{Format::tagged, Format::intel_copy}));
  EXPECT_EQ(bindings(loaded), (std::vector{Binding::claims, Binding::claims}));
  EXPECT_STREQ(key_kind(loaded), "EC P-384");
  EXPECT_EQ(check(loaded, kMay2023), "");
  // There is no collateral for its kind of platform.
  EXPECT_EQ(verdict(loaded.evidence[0].quote), "the PCK certificate was issued in the future");
}

TEST(Vectors, RatsTls) {
  CLOISTER_NEED_VECTORS("ratls/ccc-rats-tls-cert.pem");
  const Loaded loaded = load("ccc-rats-tls-cert.pem");
  EXPECT_EQ(formats(loaded), std::vector{Format::tagged});
  EXPECT_EQ(bindings(loaded), std::vector{Binding::claims});
  EXPECT_STREQ(key_kind(loaded), "EC P-256");
  EXPECT_EQ(loaded.evidence[0].claims.size(), 3u);
  EXPECT_EQ(to_hex(loaded.evidence[0].claim("key_0")), "76616c75655f3000");
  EXPECT_EQ(check(loaded, kMay2023), "");
  EXPECT_EQ(check(loaded, 1'710'000'000), "the certificate is expired");
  EXPECT_EQ(verdict(loaded.evidence[0].quote), "OutOfDate");
}

TEST(Vectors, OpenEnclave) {
  CLOISTER_NEED_VECTORS("ratls/oe-sgx_cert_ec_bad.der");
  for (const auto& [name, kind] :
       {std::pair{"oe-sgx_cert_ec_bad.der", "EC P-256"}, {"oe-sgx_cert_rsa_bad.der", "RSA"}}) {
    SCOPED_TRACE(name);
    const Loaded loaded = load(name);
    EXPECT_EQ(formats(loaded), std::vector{Format::open_enclave});
    EXPECT_EQ(bindings(loaded), std::vector{Binding::public_key_text});
    EXPECT_STREQ(key_kind(loaded), kind);
    EXPECT_EQ(check(loaded, kMay2023), "the certificate's signature does not verify with its own key");
  }
}

TEST(Vectors, WhatIsNoCertificate) {
  CLOISTER_NEED_VECTORS("ratls/oe-plugin-evidence.bin");
  for (const char* const name : {"ratls/oe-plugin-evidence.bin", "ratls/oe-plugin-endorsements.bin"}) {
    const OwnedBytes bytes = dcap::vector_bytes(name);
    EXPECT_FALSE(looks_like_certificate(bytes)) << name;
    EXPECT_FALSE(parse_certificate(bytes).ok()) << name;
    EXPECT_FALSE(dcap::parse_quote(bytes).ok()) << name;
  }
}

// Genuine evidence in a certificate of another key, as somebody who has no enclave would write it.
TEST(Vectors, CopiedEvidenceIsRefused) {
  CLOISTER_NEED_VECTORS("ratls/ccc-gramine-cert.pem");
  const PrivateKey thief = must(PrivateKey::generate());
  for (const char* const name :
       {"ccc-gramine-cert.pem", "ccc-intel-sgxsdk-cert.pem", "ccc-rats-tls-cert.pem", "oe-sgx_cert_ec_bad.der"}) {
    const Loaded loaded = load(name);
    std::vector<RawExtension> copied;
    for (const Extension& one : loaded.certificate.extensions) {
      static constexpr const char* kOids[] = {kTaggedOid, kGramineOid, kIntelOid, "1.2.840.113556.10.1.1"};
      for (const char* const known : kOids) {
        const std::unique_ptr<ASN1_OBJECT, dcap::FreeWith<ASN1_OBJECT_free>> object(OBJ_txt2obj(known, 1));
        if (std::ranges::equal(Bytes(OBJ_get0_data(object.get()), OBJ_length(object.get())), one.oid))
          copied.push_back({known, {one.value.begin(), one.value.end()}});
      }
    }
    ASSERT_EQ(copied.size(), loaded.evidence.size());
    const OwnedBytes der = write_certificate({.extensions = copied}, thief, thief);
    const Certificate certificate = must(parse_certificate(der));
    const auto evidence = must(find_evidence(certificate));
    EXPECT_TRUE(check_certificate(certificate, dcap::simulation::kWorldBegins).ok());
    EXPECT_FALSE(check_bindings(evidence, certificate).ok()) << name;
    for (const Evidence& one : evidence) EXPECT_FALSE(check_binding(one, certificate).ok()) << name;
  }
}

}  // namespace cloister::ratls
