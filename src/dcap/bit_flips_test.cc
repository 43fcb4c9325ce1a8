// SPDX-License-Identifier: Apache-2.0
// Every bit of a quote and of each collateral document, flipped one at a time, makes verification fail. The bits
// without effect are named here and in docs/attestation-verification.md; there are no others.
#include <gtest/gtest.h>
#include "src/dcap/simulation/world_for_test.h"
#include "src/dcap/vectors_for_test.h"

namespace cloister::dcap {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kStride = 13;  // sanitizers make it slow, and coprime to 8 it still visits every kind of bit
#else
constexpr std::size_t kStride = 1;
#endif

struct Evidence {
  OwnedBytes quote;
  CollateralFiles files;
  TrustAnchor root;
  UnixTime time;
};

bool accepted(const Evidence& evidence, Cache& cache) {
  const Judgement judgement = simulation::judge(evidence.quote, evidence.files, evidence.root, evidence.time, cache);
  return judgement.verified.has_value() || !judgement.verdict.error;
}

// The bits of `bytes`, which is part of `evidence`, whose flip is not noticed.
std::vector<std::size_t> unnoticed_flips(const Evidence& evidence, OwnedBytes& bytes, Cache& cache) {
  std::vector<std::size_t> unnoticed;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += kStride) {
    const auto mask = static_cast<std::uint8_t>(1u << bit % 8);
    bytes[bit / 8] ^= mask;
    if (accepted(evidence, cache)) unnoticed.push_back(bit);
    bytes[bit / 8] ^= mask;
  }
  return unnoticed;
}

// Hexadecimal digits may be written in either case, and the signature's digits are outside what it signs.
bool is_case_of_signature_digit(const OwnedBytes& json, std::size_t bit) {
  const std::string_view text(reinterpret_cast<const char*>(json.data()), json.size());
  const std::size_t digits = text.rfind("\"signature\":\"") + 13, at = bit / 8;
  return at >= digits && at < digits + 128 && bit % 8 == 5 && std::isalpha(json[at]);
}

void expect_every_flip_is_noticed(Evidence evidence) {
  Cache cache;
  ASSERT_TRUE(accepted(evidence, cache));
  EXPECT_TRUE(unnoticed_flips(evidence, evidence.quote, cache).empty()) << "quote";
  for (std::size_t i = 0; i < kCollateralKinds; ++i) {
    const auto kind = static_cast<CollateralKind>(i);
    const bool json = kind == CollateralKind::tcb_info || kind == CollateralKind::qe_identity;
    for (const std::size_t bit : unnoticed_flips(evidence, evidence.files[kind].bytes, cache)) {
      EXPECT_TRUE(json && is_case_of_signature_digit(evidence.files[kind].bytes, bit))
          << name(kind) << ", byte " << bit / 8 << ", bit " << bit % 8;
    }
  }
}

Evidence evidence_of_case(const std::string& quote_prefix) {
  for (const auto& entry : vector_json("quotes/cases.json")) {
    const std::string quote = entry["quote"];
    if (!quote.starts_with("quotes/" + quote_prefix) || entry["pck_crl"].is_null()) continue;
    Evidence evidence{.quote = vector_bytes(quote), .files = {}, .root = intel_root(), .time = entry["time_unix"]};
    const std::pair<CollateralKind, const char*> kFiles[] = {
        {CollateralKind::tcb_info, "tcb_info"},  {CollateralKind::qe_identity, "qe_identity"},
        {CollateralKind::pck_crl, "pck_crl"},    {CollateralKind::root_crl, "root_ca_crl"},
        {CollateralKind::pck_ca, "pck_ca_cert"}, {CollateralKind::tcb_signing, "tcb_signing_cert"}};
    for (const auto& [kind, member] : kFiles) evidence.files[kind].bytes = vector_bytes(entry[member]);
    return evidence;
  }
  ADD_FAILURE() << "no case of " << quote_prefix;
  return {.quote = {}, .files = {}, .root = intel_root(), .time = 0};
}

}  // namespace

TEST(BitFlips, Simulation) {
  const simulation::World world;
  expect_every_flip_is_noticed({world.quote(), world.files(), world.anchor(), world.now});
}
TEST(BitFlips, SgxVersion3) {
  CLOISTER_NEED_VECTORS("quotes/cases.json");
  expect_every_flip_is_noticed(evidence_of_case("sgx3-teepot-00606a"));
}
TEST(BitFlips, TdxVersion4) {
  CLOISTER_NEED_VECTORS("quotes/cases.json");
  expect_every_flip_is_noticed(evidence_of_case("tdx4-google"));
}
TEST(BitFlips, TdxVersion5) {
  CLOISTER_NEED_VECTORS("quotes/cases.json");
  expect_every_flip_is_noticed(evidence_of_case("tdx5-oe"));
}

}  // namespace cloister::dcap
