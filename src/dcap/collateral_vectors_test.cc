// SPDX-License-Identifier: Apache-2.0
// Real TCB infos, identities, CRLs and certificates; documents that must be refused; Wycheproof's signatures.
#include <gtest/gtest.h>
#include "src/base/hex.h"
#include "src/dcap/vectors_for_test.h"

namespace cloister::dcap {
namespace {

std::vector<std::filesystem::path> files(const std::string& directory) {
  std::vector<std::filesystem::path> found;
  for (const auto& file : std::filesystem::directory_iterator(sgx::vectors_directory() / directory))
    found.push_back(file);
  std::ranges::sort(found);
  return found;
}

CertificateList certificates(const std::string& name) {
  return parse_certificates(vector_bytes("collateral/certs/" + name)).take();
}

bool signed_by_intel(const DocumentSignature& part) {
  return certificates("Intel_SGX_TCB_Signing-2025-2032.pem")[0].key().verify(part.digest, part.signature);
}

// The names of the malformed documents say what a parser must do; everything else there must be refused.
bool must_parse(const std::string& name) {
  for (const char* good : {"tcbInfo.json", "tcbInfo_with_pceid.json", "tcbInfoAdvisoryIds.json", "tcbinfo_sgx.json",
                           "tcbinfo_tdx.json", "qe_identity_ok.json", "qe_identity_with_advisoryids.json"}) {
    if (name == good) return true;
  }
  return false;
}

}  // namespace

TEST(CollateralVectors, GenuineTcbInfos) {
  CLOISTER_NEED_VECTORS("collateral/tcb");
  for (const auto& file : files("collateral/tcb")) {
    const std::string name = file.filename();
    const auto info = parse_tcb_info(sgx::read_bytes(file));
    ASSERT_TRUE(info.ok()) << name << ": " << info.error().what();
    EXPECT_TRUE(signed_by_intel(info.value().signed_part)) << name;
    // <id>-<fmspc>-v<version>-eval<number>-…
    const std::string head = std::string(info.value().is_tdx ? "tdx" : "sgx") + "-" + to_hex(info.value().fmspc) +
                             "-v" + std::to_string(info.value().version) + "-eval" +
                             std::to_string(info.value().tcb_evaluation_data_number) + "-";
    EXPECT_TRUE(name.starts_with(head)) << name << " is " << head;
    // The order by SVNs is the document's own.
    for (std::size_t i = 0; i < info.value().levels.size(); ++i) EXPECT_EQ(info.value().levels[i].index, i) << name;
  }
}

TEST(CollateralVectors, GenuineIdentities) {
  CLOISTER_NEED_VECTORS("collateral/identity");
  for (const auto& file : files("collateral/identity")) {
    const auto identity = parse_enclave_identity(sgx::read_bytes(file));
    ASSERT_TRUE(identity.ok()) << file << ": " << identity.error().what();
    EXPECT_TRUE(signed_by_intel(identity.value().signed_part)) << file;
  }
}

TEST(CollateralVectors, GenuineCrls) {
  CLOISTER_NEED_VECTORS("collateral/crl");
  const auto root = certificates("Intel_SGX_Root_CA.pem"),
             platform = certificates("Intel_SGX_PCK_Platform_CA-22eb770d.pem"),
             processor = certificates("Intel_SGX_PCK_Processor_CA-f65b249b.pem");
  for (const auto& file : files("collateral/crl")) {
    const std::string name = file.filename();
    const auto crl = Crl::parse(sgx::read_bytes(file));
    ASSERT_TRUE(crl.ok()) << name << ": " << crl.error().what();
    const Certificate& issuer = (name.starts_with("root")           ? root
                                 : name.starts_with("pck-platform") ? platform
                                                                    : processor)[0];
    EXPECT_TRUE(std::ranges::equal(crl.value().issuer(), issuer.subject())) << name;
    EXPECT_TRUE(issuer.key().verify(crl.value().signed_digest(), crl.value().signature())) << name;
  }
}

TEST(CollateralVectors, StandAlonePckCertificates) {
  CLOISTER_NEED_VECTORS("collateral/pck");
  for (const auto& file : files("collateral/pck")) {
    if (file.extension() != ".der") continue;
    const auto certificate = Certificate::parse(sgx::read_bytes(file));
    ASSERT_TRUE(certificate.ok()) << file << ": " << certificate.error().what();
    EXPECT_TRUE(parse_pck_extension(certificate.value().sgx_extension()).ok()) << file;
  }
}

TEST(CollateralVectors, MalformedDocuments) {
  CLOISTER_NEED_VECTORS("collateral/malformed");
  std::size_t count = 0;
  for (const char* folder : {"qe-v1", "qe-v2", "tcb-v1", "tcb-v2", "tcb-v3"}) {
    for (const auto& file : files(std::string("collateral/malformed/") + folder)) {
      const OwnedBytes bytes = sgx::read_bytes(file);
      const bool is_tcb = folder[0] == 't';
      const auto tcb_info = parse_tcb_info(bytes);
      const auto identity = parse_enclave_identity(bytes);
      const bool parsed = is_tcb ? tcb_info.ok() : identity.ok();
      EXPECT_EQ(parsed, must_parse(file.filename()))
          << file << ": " << (parsed ? "parsed" : (is_tcb ? tcb_info.error() : identity.error()).what());
      if (parsed) {
        EXPECT_FALSE(signed_by_intel(is_tcb ? tcb_info.value().signed_part : identity.value().signed_part));
      }
      ++count;
    }
  }
  EXPECT_EQ(count, 52u);
}

TEST(CollateralVectors, ChangedDocumentsHaveNoSignature) {
  CLOISTER_NEED_VECTORS("collateral/negative");
  for (const auto& file : files("collateral/negative")) {
    const OwnedBytes bytes = sgx::read_bytes(file);
    if (file.filename().string().starts_with("tcb")) {
      const auto info = parse_tcb_info(bytes);
      ASSERT_TRUE(info.ok()) << file << ": " << info.error().what();
      EXPECT_FALSE(signed_by_intel(info.value().signed_part)) << file;
    } else {
      const auto identity = parse_enclave_identity(bytes);
      ASSERT_TRUE(identity.ok()) << file << ": " << identity.error().what();
      EXPECT_FALSE(signed_by_intel(identity.value().signed_part)) << file;
    }
  }
}

TEST(Wycheproof, EcdsaP256Sha256) {
  constexpr char kFile[] = "crypto/wycheproof-ecdsa_secp256r1_sha256_p1363_test.json";
  CLOISTER_NEED_VECTORS(kFile);
  std::size_t count = 0;
  const auto document = vector_json(kFile);
  for (const auto& group : document["testGroups"]) {
    const auto point = from_hex(group["publicKey"]["uncompressed"].get<std::string>()).value();
    ASSERT_EQ(point.size(), 65u);
    const auto key = P256Key::from_point(Bytes(point).last<64>());
    ASSERT_TRUE(key.ok());
    for (const auto& test : group["tests"]) {
      const auto message = from_hex(test["msg"].get<std::string>()).value();
      const auto signature = from_hex(test["sig"].get<std::string>()).value();
      // Quotes have exactly 64 bytes; the type leaves no other size.
      const bool valid =
          signature.size() == 64 && key.value().verify(sgx::sha256(message), Bytes(signature).first<64>());
      EXPECT_EQ(valid, test["result"] == "valid") << test["tcId"] << " " << test["comment"];
      ++count;
    }
  }
  EXPECT_GT(count, 100u);
}

}  // namespace cloister::dcap
