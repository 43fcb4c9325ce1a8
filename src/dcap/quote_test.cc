// SPDX-License-Identifier: Apache-2.0
// The forms of quotes that nobody has published, made from a simulated one, and what is wrong with malformed ones.
#include "src/dcap/quote.h"
#include <gtest/gtest.h>
#include "src/dcap/simulation/world_for_test.h"

namespace cloister::dcap {
namespace {

constexpr std::size_t kV3Signed = sizeof(QuoteHeader) + sizeof(sgx::ReportBody);

void append(OwnedBytes& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }
template <typename Number>
void append_number(OwnedBytes& to, Number number) {
  append(to, {reinterpret_cast<const std::uint8_t*>(&number), sizeof number});
}

// The same quote in the form of version 4 or 5; its signature does not hold any more.
OwnedBytes in_form(const OwnedBytes& v3, std::uint16_t version) {
  const Bytes all(v3), signatures = all.subspan(kV3Signed + 4);
  OwnedBytes quote(all.begin(), all.begin() + sizeof(QuoteHeader));
  quote.reserve(v3.size() + 64);
  std::memcpy(quote.data(), &version, sizeof version);
  if (version == 5) append_number(quote, QuoteBodyDescriptor{1, sizeof(sgx::ReportBody)});
  append(quote, all.subspan(sizeof(QuoteHeader), sizeof(sgx::ReportBody)));
  append_number(quote, static_cast<std::uint32_t>(signatures.size() + 6));
  append(quote, signatures.first(128));
  append_number(quote, std::uint16_t{6});
  append_number(quote, static_cast<std::uint32_t>(signatures.size() - 128));
  append(quote, signatures.subspan(128));
  return quote;
}

OwnedBytes changed(OwnedBytes quote, std::size_t offset, std::uint8_t value) {
  quote[offset] = value;
  return quote;
}

std::string problem(const OwnedBytes& bytes) {
  const auto quote = parse_quote(bytes);
  return quote.ok() ? std::string() : std::string(quote.error().what());
}

}  // namespace

TEST(Quote, SgxBodiesInEveryVersion) {
  const OwnedBytes v3 = simulation::World().quote();
  for (const OwnedBytes& bytes : {v3, in_form(v3, 4), in_form(v3, 5)}) {
    const auto quote = parse_quote(bytes);
    ASSERT_TRUE(quote.ok()) << quote.error().what();
    EXPECT_FALSE(quote.value().is_tdx());
    EXPECT_EQ(std::get<sgx::ReportBody>(quote.value().body).isvsvn, 7);
    EXPECT_EQ(quote.value().certification_type, CertificationType::pck_chain);
    EXPECT_EQ(quote.value().signed_bytes.size(), kV3Signed + (quote.value().header.version == 5 ? 6 : 0));
    EXPECT_EQ(quote.value().whole.size(), bytes.size());
  }
}

TEST(Quote, EveryShorterQuoteIsRefused) {
  const OwnedBytes v3 = simulation::World().quote();
  for (const OwnedBytes& bytes : {v3, in_form(v3, 4), in_form(v3, 5)}) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
      ASSERT_FALSE(parse_quote(Bytes(bytes).first(size)).ok()) << size;
  }
}

TEST(Quote, CausesAreNamed) {
  const OwnedBytes v3 = simulation::World().quote(), v5 = in_form(v3, 5);
  EXPECT_NE(problem(changed(v3, 0, 2)).find("version"), std::string::npos);
  EXPECT_NE(problem(changed(v3, 2, 3)).find("attestation key type"), std::string::npos);
  EXPECT_NE(problem(changed(v3, 4, 1)).find("TEE type"), std::string::npos);
  EXPECT_NE(problem(changed(v3, 4, 0x81)).find("version 3"), std::string::npos);
  EXPECT_NE(problem(changed(v3, 12, 0)).find("vendor"), std::string::npos);
  EXPECT_NE(problem(changed(v5, 48, 4)).find("body type"), std::string::npos);
  EXPECT_NE(problem(changed(v5, 50, 1)).find("size"), std::string::npos);
  EXPECT_NE(problem(changed(v5, 48, 2)).find("size"), std::string::npos);
  EXPECT_NE(problem(changed(v5, 4, 0x81)).find("another TEE"), std::string::npos);
  OwnedBytes padded = v3;
  padded.resize(8000);
  EXPECT_EQ(problem(padded), "");
  padded.back() = 1;
  EXPECT_NE(problem(padded).find("follow the quote"), std::string::npos);
  padded.resize(kQuoteSizeLimit + 1);
  EXPECT_NE(problem(padded).find("64 KiB"), std::string::npos);
}

TEST(Quote, OtherCertificationDataIsRefusedByName) {
  const simulation::World world;
  const CollateralFiles files = world.files();
  const OwnedBytes v3 = world.quote();
  const std::size_t type_at = kV3Signed + 4 + 128 + 384 + 64 + 2 + 32;
  for (const std::uint8_t type : {1, 2, 3, 4, 6, 7, 9}) {
    Cache cache;
    const Judgement judgement = simulation::judge(changed(v3, type_at, type), files, world.anchor(), world.now, cache);
    ASSERT_TRUE(judgement.verdict.error.has_value());
    const std::string error = judgement.verdict.error->what();
    std::string named = "type ";
    named += std::to_string(type);
    EXPECT_NE(error.find(type == 9 ? "unknown type" : named), std::string::npos) << error;
  }
}
}  // namespace cloister::dcap
