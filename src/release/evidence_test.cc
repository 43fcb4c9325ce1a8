// SPDX-License-Identifier: Apache-2.0
// The digests were computed by another program from docs/protocol-attestation.md.
#include "src/release/evidence.h"
#include <gtest/gtest.h>
#include "src/base/hex.h"
#include "src/release/messages_for_test.h"

namespace cloister::release {
namespace {
struct Connection {
  std::vector<std::uint8_t> hello = encode(sample_hello()), challenge = encode(sample_challenge());
  std::vector<std::uint8_t> cas_key = p256_key(std::vector<std::uint8_t>(64, 0xc0));
  std::vector<std::uint8_t> audit_key = sample_challenge().audit_key, enclave_key = sample_hello().enclave_key;
  ExportedKey exported = filled<32>(0x77);
  ReportData data() const { return report_data({exported, hello, challenge, cas_key, audit_key, enclave_key}); }
};
Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
}  // namespace

TEST(Evidence, WorkedBytes) {
  EXPECT_EQ(to_hex(Connection().data()),
            "866cb2a35b471a0b1d0faaa28919084721c29e57edd85ade7e7fb4dc10770b10"
            "b5d5bf74744aee827e6f4cc4490f12ecbcbbf8aab248ee6fbbf012e8aaa9f5a9");
  EXPECT_TRUE(equal(sha256(bytes_of("cloister-evidence-v1")), kEvidenceLabel));
}

TEST(Evidence, EveryPartCounts) {
  const ReportData whole = Connection().data();
  for (const auto part : {&Connection::hello, &Connection::challenge, &Connection::cas_key, &Connection::audit_key,
                          &Connection::enclave_key}) {
    Connection other;
    (other.*part).back() ^= 1;
    EXPECT_NE(other.data(), whole);
  }
  Connection other;
  other.exported[31] ^= 1;
  EXPECT_NE(other.data(), whole);
}

TEST(Evidence, OfCasWorkedBytes) {
  const EvidenceOfCas evidence{filled<32>(1), filled<32>(2), filled<32>(3), filled<32>(4), 9, filled<32>(5)};
  EXPECT_EQ(to_hex(report_data(evidence)),
            "c15fc03fdca31a27a4670afdce6e6e4d9717b2ef2d09bfa8b42591f3aeb6749a" + std::string(64, '0'));
}

TEST(ConfigId, BothForms) {
  EXPECT_EQ(to_hex(configured_enclave_id(filled<32>(0xab), "shop/web")),
            to_hex(filled<32>(0xab)) + "97375646b1deb3d2d5c406cd15750035f52a38beb24211ed2dd66e8824bf15f9");
  EXPECT_EQ(to_hex(cas_id(filled<32>(0xcd))),
            to_hex(filled<32>(0xcd)) + "ef46e0b1002e25f7d07bc6138c6e52583c00b8fc1a090e271243a459efaff697");
}

TEST(AuditHead, WorkedBytes) {
  EXPECT_EQ(to_hex(sha256(to_be_signed(7, filled<32>(0x33)))),
            "69a33d0bbffaf4df6aa9b081fcbee33c3699369ee36f98d4b9716e3a6af4c1da");
}

TEST(Equal, ComparesAllBytes) {
  const auto a = filled<64>(3);
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto b = a;
    b[i] ^= 0x80;
    EXPECT_FALSE(equal(a, b));
  }
  EXPECT_TRUE(equal(a, filled<64>(3)));
  EXPECT_FALSE(equal(a, std::span(a).first(63)));
}
}  // namespace cloister::release
