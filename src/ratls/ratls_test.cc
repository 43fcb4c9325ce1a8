// SPDX-License-Identifier: Apache-2.0
// Certificates that are made here, by their formats and by those who falsify them: each forgery is refused with its
// cause.
#include <gtest/gtest.h>
#include "src/base/hex.h"
#include "src/ratls/certificates_for_test.h"
#include "src/ratls/fields.h"
#include "src/release/evidence.h"

namespace cloister::ratls {
namespace {

constexpr dcap::UnixTime kNow = dcap::simulation::kWorldBegins + 86400;

OwnedBytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

// Everything but the quotes' own verification: "" where all holds.
std::string cause(Bytes der, dcap::UnixTime time = kNow) {
  const auto certificate = parse_certificate(der);
  if (!certificate.ok()) return certificate.error().what();
  const auto evidence = find_evidence(certificate.value());
  if (!evidence.ok()) return evidence.error().what();
  (void)evidence_fields(evidence.value(), certificate.value());
  if (const auto checked = check_certificate(certificate.value(), time); !checked.ok()) return checked.error().what();
  const auto bindings = check_bindings(evidence.value(), certificate.value());
  return bindings.ok() ? "" : bindings.error().what();
}

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

OwnedBytes claims_of(const std::vector<std::pair<const char*, OwnedBytes>>& list) {
  OwnedBytes claims;
  append_head(claims, CborMajor::map, list.size());
  for (const auto& [name, value] : list) append_text(claims, name), append_bytes(claims, value);
  return claims;
}
OwnedBytes hash_claim(std::uint64_t algorithm, Bytes hash) {
  OwnedBytes claim;
  append_head(claim, CborMajor::array, 2);
  append_head(claim, CborMajor::number, algorithm);
  append_bytes(claim, hash);
  return claim;
}

const QuotedWorld& world() {
  static const QuotedWorld kWorld;
  return kWorld;
}
OwnedBytes good_claims() { return make_claims(world().public_key, {}, {}); }

}  // namespace

TEST(MadeCertificate, IsBoundAndItsQuoteVerifies) {
  const OwnedBytes nonce(32, 7), claims = make_claims(world().public_key, nonce, kPurposeOfCas);
  const OwnedBytes quote = world().quote_of_hash(claims);
  const OwnedBytes der = must(make_certificate(
      {.common_name = "Cloister CAS", .validity = {kNow - 1, kNow + 1}, .quote = quote, .claims = claims},
      world().key.openssl()));
  EXPECT_EQ(cause(der), "");
  const Certificate certificate = must(parse_certificate(der));
  EXPECT_EQ(certificate.common_name, "Cloister CAS");
  EXPECT_TRUE(std::ranges::equal(certificate.public_key, world().public_key));
  const auto evidence = must(find_evidence(certificate));
  ASSERT_EQ(evidence.size(), 1u);
  EXPECT_EQ(must(check_binding(evidence[0], certificate)), Binding::claims);
  EXPECT_EQ(bytes_of(kPurposeOfCas),
            OwnedBytes(evidence[0].claim(kPurposeClaim).begin(), evidence[0].claim(kPurposeClaim).end()));
  EXPECT_TRUE(check_nonce(evidence[0], nonce).ok());
  EXPECT_STREQ(check_nonce(evidence[0], OwnedBytes(32, 8)).error().what(), "the evidence has another nonce");
  dcap::Cache cache;
  EXPECT_TRUE(
      dcap::simulation::judge(evidence[0].quote.whole, world().files(), world().anchor(), kNow, cache).verified);
  EXPECT_EQ(certificate_der(bytes_of(dcap::to_pem(der, "CERTIFICATE"))).value(), der);
}

TEST(MadeCertificate, WorkedBytesOfClaims) {
  EXPECT_EQ(to_hex(make_claims(bytes_of("key"), {}, {})),
            "a16b7075626b65792d686173685824820158202c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683");
}

TEST(Dates, BothEndsCount) {
  const OwnedBytes der = world().with_claims(good_claims());
  EXPECT_EQ(cause(der, dcap::simulation::kWorldBegins), "");
  EXPECT_EQ(cause(der, dcap::simulation::kWorldBegins - 1), "the certificate was issued in the future");
  EXPECT_EQ(cause(der, dcap::simulation::kWorldBegins + 30 * 86400 + 1), "the certificate is expired");
}

TEST(Tampering, FlippedBitsAreRefused) {
  const OwnedBytes der = world().with_claims(good_claims());
  ASSERT_EQ(cause(der), "");
  for (std::size_t i = 0; i < 8 * der.size(); i += 13) {
    OwnedBytes other = der;
    other[i / 8] ^= static_cast<std::uint8_t>(1u << (i % 8));
    EXPECT_NE(cause(other), "") << "bit " << i;
  }
}

TEST(Tampering, EveryTruncationIsRefused) {
  const OwnedBytes der = world().with_claims(good_claims());
  for (std::size_t size = 0; size < der.size(); ++size) EXPECT_NE(cause(Bytes(der).first(size)), "") << size;
  OwnedBytes longer = der;
  longer.push_back(0);
  EXPECT_EQ(cause(longer), "malformed DER");
}

TEST(Tampering, AnotherKeyAnotherQuoteAnotherSigner) {
  const PrivateKey other = must(PrivateKey::generate());
  const OwnedBytes claims = good_claims();
  const RawCertificate good{.extensions = {{kTaggedOid, write_evidence(world().quote_of_hash(claims), claims)}}};
  EXPECT_EQ(cause(write_certificate(good, other, other)),
            "the evidence's claims name another public key than the certificate's");
  EXPECT_EQ(cause(write_certificate(good, world().key, other)),
            "the certificate's signature does not verify with its own key");
  const OwnedBytes stranger = world().quote_of_hash(make_claims(key_info(other), {}, {}));
  EXPECT_EQ(cause(world().certificate({{kTaggedOid, write_evidence(stranger, claims)}})),
            "the quote is for other claims: its REPORTDATA is not their SHA-256 and 32 zeros");
}

TEST(Tampering, TheSecondHalfOfReportdataCounts) {
  const OwnedBytes claims = good_claims();
  for (const std::size_t at : {32u, 63u}) {
    ReportData data = report_data(claims);
    data[at] = 1;
    EXPECT_TRUE(
        says(cause(world().certificate({{kTaggedOid, write_evidence(world().quote_over(data), claims)}})), "32 zeros"));
    data = report_data(world().public_key);
    data[at] = 1;
    EXPECT_TRUE(says(cause(world().certificate({{kGramineOid, world().quote_over(data)}})), "another public key"));
    EXPECT_TRUE(says(cause(world().certificate({{kOpenEnclaveOid, write_open_enclave(world().quote_over(data))}})),
                     "another public key"));
  }
}

TEST(Tampering, ExtensionsTwiceAndTooMany) {
  const OwnedBytes claims = good_claims(), evidence = write_evidence(world().quote_of_hash(claims), claims);
  EXPECT_EQ(cause(world().certificate({{kTaggedOid, evidence}, {kTaggedOid, evidence}})),
            "the certificate has an extension twice");
  std::vector<std::string> oids;
  for (std::size_t i = 0; i <= kExtensionsLimit; ++i) oids.push_back("1.2.3." + std::to_string(i));
  std::vector<RawExtension> many;
  for (const std::string& oid : oids) many.push_back({oid.c_str(), {0x05, 0x00}});
  EXPECT_EQ(cause(world().certificate(many)), "the certificate has more than 64 extensions");
  EXPECT_EQ(cause(world().certificate({{kTaggedOid, evidence}, {"1.2.3", {0x05, 0x00}, true}})),
            "the certificate has a critical extension that is not known");
  EXPECT_EQ(cause(world().certificate({{kTaggedOid, evidence, true}})), "");
  EXPECT_EQ(cause(world().certificate({{"1.2.3", {0x05, 0x00}}})), "the certificate carries no evidence");
}

TEST(Tampering, WhatIsTooLarge) {
  const OwnedBytes claims = good_claims();
  const OwnedBytes evidence = write_evidence(world().quote_of_hash(claims), claims);
  EXPECT_TRUE(says(cause(world().certificate({{kTaggedOid, evidence}, {"1.2.3", OwnedBytes(kCertificateSizeLimit)}})),
                   "256 KiB"));
  OwnedBytes quote = world().quote_of_hash(claims);
  quote.resize(dcap::kQuoteSizeLimit + 1);
  EXPECT_NE(cause(world().certificate({{kTaggedOid, write_evidence(quote, claims)}})), "");
  EXPECT_EQ(cause(world().with_claims(claims_of({{"x", OwnedBytes(kClaimsSizeLimit)}}))),
            "the evidence's claims are larger than 4 KiB");
}

TEST(Tampering, Claims) {
  const OwnedBytes hash = hash_claim(1, sgx::sha256(world().public_key));
  const auto refused = [](const OwnedBytes& claims) { return cause(world().with_claims(claims)); };
  EXPECT_EQ(refused(claims_of({{"pubkey-hash", hash}, {"more", {1}}})), "");
  EXPECT_EQ(refused(claims_of({{"more", hash}})), "the evidence's claims name no public key (pubkey-hash)");
  EXPECT_EQ(refused(claims_of({{"pubkey-hash", hash}, {"pubkey-hash", hash}})), "the evidence has a claim twice");
  EXPECT_EQ(refused(claims_of({{"pubkey-hash", hash_claim(9, Bytes(hash).last(32))}})),
            "the claims hash the public key with another algorithm than SHA-2");
  EXPECT_EQ(refused(claims_of({{"pubkey-hash", hash_claim(1, Bytes(hash).last(31))}})),
            "the evidence's claims name another public key than the certificate's");
  OwnedBytes longer = claims_of({{"pubkey-hash", hash}});
  longer.push_back(0);
  EXPECT_EQ(refused(longer), "malformed CBOR in the evidence");
  EXPECT_EQ(refused({0xbf, 0xff}), "malformed CBOR in the evidence");
  EXPECT_EQ(refused({}), "malformed CBOR in the evidence");
  const OwnedBytes many = {0xb8, 65};
  EXPECT_EQ(refused(many), "the evidence has more than 64 claims");
}

TEST(Formats, HashesOfThePublicKey) {
  std::uint8_t digest[64];
  const OwnedBytes& spki = world().public_key;
  SHA384(spki.data(), spki.size(), digest);
  EXPECT_EQ(cause(world().with_claims(claims_of({{"pubkey-hash", hash_claim(7, Bytes(digest).first(48))}}))), "");
  SHA512(spki.data(), spki.size(), digest);
  EXPECT_EQ(cause(world().with_claims(claims_of({{"pubkey-hash", hash_claim(8, digest)}}))), "");
  digest[0] ^= 1;
  EXPECT_NE(cause(world().with_claims(claims_of({{"pubkey-hash", hash_claim(8, digest)}}))), "");
}

TEST(Formats, TagsOfOtherEvidence) {
  const OwnedBytes claims = good_claims(), quote = world().quote_of_hash(claims);
  const auto tagged = [&](std::uint64_t tag) {
    return cause(world().certificate({{kTaggedOid, write_evidence(quote, claims, tag)}}));
  };
  EXPECT_TRUE(says(tagged(60001), "REPORT for enclaves of the same machine"));
  EXPECT_TRUE(says(tagged(60002), "REPORT for enclaves of the same machine"));
  EXPECT_TRUE(says(tagged(1), "another CBOR tag"));
}

TEST(Formats, GramineIntelAndOpenEnclave) {
  const OwnedBytes claims = good_claims(), quote = world().quote_of_hash(claims);
  const OwnedBytes bare = world().quote_of_hash(world().public_key);
  const RawExtension tagged{kTaggedOid, write_evidence(quote, claims)};
  EXPECT_EQ(cause(world().certificate({{kGramineOid, bare}, tagged})), "");
  EXPECT_EQ(cause(world().certificate({{kGramineOid, bare}})), "");
  EXPECT_TRUE(says(cause(world().certificate({tagged, {kGramineOid, quote}})), "another public key"));
  EXPECT_EQ(cause(world().certificate({tagged, {kGramineOid, world().quote_of_hash(world().public_key, 0xba)}})),
            "the certificate has quotes of different enclaves");
  EXPECT_EQ(cause(world().certificate({{kIntelOid, quote}, tagged})), "");
  EXPECT_TRUE(says(cause(world().certificate({{kIntelOid, bare}, tagged})), "is not that of the tagged evidence"));
  EXPECT_TRUE(says(cause(world().certificate({{kIntelOid, bare}})), "bound by tagged evidence alone"));
  std::string text = dcap::to_pem(world().public_key, "PUBLIC KEY");
  const OwnedBytes with_end(text.c_str(), text.c_str() + text.size() + 1);
  for (const char* const oid : {kOpenEnclaveOid, "1.2.840.113556.10.1.1"}) {
    EXPECT_EQ(cause(world().certificate({{oid, write_open_enclave(bare)}})), "");
    EXPECT_EQ(cause(world().certificate({{oid, write_open_enclave(world().quote_of_hash(with_end))}})), "");
    EXPECT_TRUE(says(cause(world().certificate({{oid, write_open_enclave(bare, 2)}})), "another version"));
    EXPECT_TRUE(says(cause(world().certificate({{oid, write_open_enclave(bare, 1, 1)}})), "another type"));
    EXPECT_TRUE(says(cause(world().certificate({{oid, write_open_enclave(bare, 1, 2, 1)}})), "another size"));
    EXPECT_TRUE(says(cause(world().certificate({{oid, {1, 0, 0}}})), "ends within"));
  }
  EXPECT_TRUE(says(cause(world().certificate({{"1.3.6.1.4.1.311.105.2", bare}})), "is not served"));
}

// A quote that was made for the release protocol is no certificate's, and the other way round: whoever turns one into
// the other would need two texts with one SHA-256, since claims begin with a map's head and the labels with a letter.
TEST(Labels, KeepCertificatesAndTheReleaseProtocolApart) {
  const OwnedBytes claims = make_claims(world().public_key, OwnedBytes(32, 1), kPurposeOfCas);
  EXPECT_EQ(claims[0] >> 5, static_cast<int>(CborMajor::map));
  const ReportData data = report_data(claims);
  EXPECT_FALSE(std::equal(data.begin() + 32, data.end(), std::begin(kEvidenceLabel)));
  const release::EvidenceOfCas of_cas{.cas_key_hash = sgx::sha256(world().public_key)};
  const auto signed_by_cas = release::to_be_signed(of_cas);
  const OwnedBytes as_claims(signed_by_cas.begin(), signed_by_cas.end());
  EXPECT_EQ(report_data(as_claims), release::report_data(of_cas));  // the quote itself would fit
  EXPECT_EQ(cause(world().with_claims(as_claims)), "malformed CBOR in the evidence");
  const ReportData of_connection = release::report_data(release::EvidenceOfConnection{});
  EXPECT_TRUE(
      says(cause(world().certificate({{kTaggedOid, write_evidence(world().quote_over(of_connection), claims)}})),
           "other claims"));
}

}  // namespace cloister::ratls
