// SPDX-License-Identifier: Apache-2.0
// A simulated platform with its authority and collateral, for tests, benchmarks and fuzzing seeds.
#pragma once
#include <cstdio>
#include <cstdlib>
#include "src/dcap/simulation/collateral.h"

namespace cloister::dcap::simulation {

inline constexpr UnixTime kWorldBegins = 1'780'000'000;

// The value, or the end of the program with the error's text.
template <typename T>
T must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "simulation: %s\n", result.error().what());
    std::abort();
  }
  return std::move(result).take();
}
inline void must(Result<void> result) {
  if (!result.ok()) std::abort();
}

// A quoting enclave on a platform whose fuses the test knows.
class QuotingLeavesForTest final : public sgx::KeyLeaves {
 public:
  QuotingLeavesForTest(const sgx::Platform& platform, std::uint16_t isvsvn) : platform_(platform) {
    secs_.attributes = {sgx::kAttributeInit | kQeAttributes, sgx::kXfrmLegacy};
    secs_.mrenclave[0] = 0x9e;
    secs_.mrsigner[0] = kMrsigner[0];
    secs_.isvprodid = kQeIsvprodid;
    secs_.isvsvn = isvsvn;
  }
  sgx::Report ereport(const sgx::Targetinfo& target,
                      std::span<const std::uint8_t, sgx::kReportdataSize> data) const override {
    return sgx::ereport(platform_, secs_, target, data);
  }
  sgx::KeyOutcome egetkey(const sgx::Keyrequest& request) const override {
    return sgx::egetkey(platform_, secs_, request);
  }
  static constexpr std::array<std::uint8_t, 32> kMrsigner{0x51};

 private:
  sgx::Platform platform_;
  sgx::Secs secs_{};
};

struct World {
  Authority authority = must(make_authority(kWorldBegins));
  sgx::Platform platform{
      .fuse_key = {1}, .seal_fuses = {2}, .owner_epoch = {}, .cpusvn = level(1), .report_keyid = {3}};
  PlatformSvns svns;
  CollateralOptions options{.qe_mrsigner = QuotingLeavesForTest::kMrsigner, .issued = kWorldBegins, .revoked = {}};
  UnixTime now = kWorldBegins + 86400;

  static std::array<std::uint8_t, 16> level(std::uint8_t svn) {
    std::array<std::uint8_t, 16> cpusvn;
    cpusvn.fill(svn);
    return cpusvn;
  }
  QuotingEnclave quoting_enclave() const {
    return must(QuotingEnclave::start(authority, std::make_shared<const QuotingLeavesForTest>(platform, svns.qe_isvsvn),
                                      svns.pcesvn));
  }
  // As EREPORT of some enclave with KSS would make it.
  sgx::Report report(const sgx::Targetinfo& target) const {
    sgx::Secs secs{};
    secs.attributes = {sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss, sgx::kXfrmLegacy};
    secs.mrenclave[0] = 0xab;
    secs.mrsigner[0] = 0xcd;
    secs.isvsvn = 7;
    secs.configid[0] = 0xef;
    std::array<std::uint8_t, sgx::kReportdataSize> reportdata{};
    reportdata[0] = 0x5a;
    return sgx::ereport(platform, secs, target, reportdata);
  }
  OwnedBytes quote() const {
    const QuotingEnclave enclave = quoting_enclave();
    return must(enclave.quote(report(enclave.targetinfo())));
  }
  CollateralFiles files() const { return must(make_collateral(authority, options)); }
  TrustAnchor anchor() const {
    return must(TrustAnchor::from_certificate(must(Certificate::parse(authority.root.certificate))));
  }
};

// The whole way from bytes: what a verifier does with what it was sent.
inline Judgement judge(Bytes quote_bytes, const CollateralFiles& files, const TrustAnchor& root, UnixTime time,
                       Cache& cache) {
  Judgement refused{};
  const auto quote = parse_quote(quote_bytes);
  CollateralKind culprit{};
  const auto collateral = parse_collateral(files, cache, culprit);
  if (!quote.ok()) refused.verdict.error = quote.error();
  if (!collateral.ok()) refused.verdict.error = collateral.error();
  if (refused.verdict.error) return refused;
  return Verified<Quote>::judge(quote.value(), collateral.value(), root, time, cache);
}

}  // namespace cloister::dcap::simulation
