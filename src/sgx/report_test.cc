// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/report.h"
#include <gtest/gtest.h>
#include <algorithm>

namespace cloister::sgx {
namespace {

Platform platform() {
  Platform all{};
  all.fuse_key.fill(1);
  all.cpusvn.fill(2);
  all.report_keyid.fill(3);
  return all;
}

Secs enclave(std::uint8_t seed) {
  Secs secs{};
  secs.attributes = {kAttributeInit | kAttributeMode64Bit | kAttributeKss, kXfrmLegacy};
  secs.miscselect = kMiscselectExinfo;
  for (auto& byte : secs.mrenclave) byte = seed++;
  for (auto& byte : secs.mrsigner) byte = seed++;
  for (auto& byte : secs.configid) byte = seed++;
  for (auto& byte : secs.isvextprodid) byte = seed++;
  for (auto& byte : secs.isvfamilyid) byte = seed++;
  secs.isvprodid = 3;
  secs.isvsvn = 4;
  secs.configsvn = 5;
  return secs;
}

constexpr std::uint8_t kData[kReportdataSize] = {1, 2, 3};

// What the enclave `secs` does to check a report: ask for the report key of the report's KEYID.
bool checks(const Platform& machine, const Secs& secs, const Report& report) {
  Keyrequest request{};
  request.keyname = static_cast<std::uint16_t>(KeyName::report);
  std::copy(std::begin(report.keyid), std::end(report.keyid), request.keyid);
  return check_report(report, egetkey(machine, secs, request).key);
}

Report report_for(const Secs& from, const Secs& to) {
  const Targetinfo target = targetinfo_of(ereport(platform(), to, Targetinfo{}, kData).body);
  return ereport(platform(), from, target, kData);
}

}  // namespace

TEST(Report, CarriesTheIdentity) {
  const Secs secs = enclave(9);
  const ReportBody body = report_for(secs, enclave(1)).body;
  EXPECT_TRUE(std::ranges::equal(body.cpusvn, platform().cpusvn));
  EXPECT_TRUE(std::ranges::equal(body.mrenclave, secs.mrenclave));
  EXPECT_TRUE(std::ranges::equal(body.mrsigner, secs.mrsigner));
  EXPECT_TRUE(std::ranges::equal(body.configid, secs.configid));
  EXPECT_TRUE(std::ranges::equal(body.isvextprodid, secs.isvextprodid));
  EXPECT_TRUE(std::ranges::equal(body.isvfamilyid, secs.isvfamilyid));
  EXPECT_TRUE(std::ranges::equal(body.reportdata, kData));
  EXPECT_EQ(body.attributes, secs.attributes);
  EXPECT_EQ(body.miscselect, secs.miscselect);
  EXPECT_EQ(body.isvprodid, 3);
  EXPECT_EQ(body.isvsvn, 4);
  EXPECT_EQ(body.configsvn, 5);
}

TEST(Report, ChecksOnlyAtItsTarget) {
  const Report report = report_for(enclave(9), enclave(1));
  EXPECT_TRUE(checks(platform(), enclave(1), report));
  EXPECT_FALSE(checks(platform(), enclave(2), report));
  EXPECT_FALSE(checks(platform(), enclave(9), report));
}

// Everything by which the SDM tells targets apart: a target that differs in one of them cannot check the report.
TEST(Report, TargetIsItsWholeIdentity) {
  const Report report = report_for(enclave(9), enclave(1));
  const auto checked_after = [&](auto change) {
    Secs target = enclave(1);
    change(target);
    return checks(platform(), target, report);
  };
  EXPECT_FALSE(checked_after([](Secs& s) { s.attributes.flags ^= kAttributeDebug; }));
  EXPECT_FALSE(checked_after([](Secs& s) { s.attributes.xfrm ^= kXfrmAvx; }));
  EXPECT_FALSE(checked_after([](Secs& s) { s.miscselect ^= 1; }));
  EXPECT_FALSE(checked_after([](Secs& s) { s.configid[63] ^= 1; }));
  EXPECT_FALSE(checked_after([](Secs& s) { s.configsvn ^= 1; }));
  EXPECT_FALSE(checked_after([](Secs& s) { s.cet_attributes ^= 1; }));
  EXPECT_TRUE(checked_after([](Secs& s) { s.mrsigner[0] ^= 1; }));
}

TEST(Report, IsOfNoUseOnAnotherPlatform) {
  const Report report = report_for(enclave(9), enclave(1));
  Platform other = platform();
  other.fuse_key[0] ^= 1;
  EXPECT_FALSE(checks(other, enclave(1), report));
  other = platform();
  other.cpusvn[0] ^= 1;
  EXPECT_FALSE(checks(other, enclave(1), report));
}

TEST(Report, EveryFlippedBitIsRefused) {
  const Report report = report_for(enclave(9), enclave(1));
  for (std::size_t bit = 0; bit < 8 * sizeof(Report); ++bit) {
    Report other = report;
    reinterpret_cast<std::uint8_t*>(&other)[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    ASSERT_FALSE(checks(platform(), enclave(1), other)) << "byte " << bit / 8 << " bit " << bit % 8;
  }
}

}  // namespace cloister::sgx
