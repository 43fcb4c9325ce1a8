// SPDX-License-Identifier: Apache-2.0
// Simulated quotes under the very code that judges real ones.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <filesystem>
#include "src/dcap/simulation/world_for_test.h"
#include "src/dcap/verdict_fields.h"
#include "src/sgx/vectors_for_test.h"

namespace cloister::dcap::simulation {
namespace {

Judgement judged(const World& world) {
  Cache cache;
  return judge(world.quote(), world.files(), world.anchor(), world.now, cache);
}
std::string cause(const Judgement& judgement) { return judgement.verdict.error ? judgement.verdict.error->what() : ""; }

}  // namespace

TEST(Simulation, QuoteVerifiesUnderItsOwnRoot) {
  const World world;
  const Judgement judgement = judged(world);
  ASSERT_EQ(cause(judgement), "");
  EXPECT_EQ(status_text(judgement.verdict), "UpToDate");
  EXPECT_TRUE(judgement.verdict.simulation);
  ASSERT_TRUE(judgement.verified.has_value());
  EXPECT_TRUE(judgement.verified->simulation());
  const auto& body = std::get<sgx::ReportBody>(judgement.verified->body());
  EXPECT_EQ(body.mrenclave[0], 0xab);
  EXPECT_EQ(body.configid[0], 0xef);
  EXPECT_EQ(reportdata(judgement.verified->body())[0], 0x5a);
}

TEST(Simulation, AndUnderNoOther) {
  const World world, other;
  Cache cache;
  const Judgement judgement = judge(world.quote(), world.files(), other.anchor(), world.now, cache);
  EXPECT_NE(cause(judgement).find("untrusted root"), std::string::npos) << cause(judgement);
  EXPECT_FALSE(judgement.verified.has_value());
  EXPECT_TRUE(judgement.verdict.simulation);
}

TEST(Simulation, SvnsDecideTheStatus) {
  World world;
  world.options.tcb_level = 2;
  EXPECT_EQ(status_text(judged(world).verdict), "OutOfDate");
  EXPECT_FALSE(all_advisories(judged(world).verdict).empty());
  world.platform.cpusvn = World::level(2);
  EXPECT_EQ(status_text(judged(world).verdict), "UpToDate");
  world.svns.pcesvn = kCurrentPcesvn - 1;
  EXPECT_EQ(status_text(judged(world).verdict), "OutOfDate");
  world.svns.pcesvn = kCurrentPcesvn;
  world.svns.qe_isvsvn = kCurrentQeIsvsvn - 1;
  EXPECT_EQ(status_text(judged(world).verdict), "OutOfDate");
  world.svns.qe_isvsvn = kCurrentQeIsvsvn;
  world.platform.cpusvn = World::level(0);
  const Judgement revoked = judged(world);
  EXPECT_EQ(status_text(revoked.verdict), "Revoked");
  EXPECT_EQ(cause(revoked), "");
  EXPECT_FALSE(revoked.verified.has_value());
}

TEST(Simulation, RevokedPlatform) {
  World world;
  world.options.revoked = {pck_serial(world.quoting_enclave().pck())};
  const Judgement judgement = judged(world);
  EXPECT_EQ(cause(judgement), "the PCK certificate is revoked by its CA");
  EXPECT_EQ(status_text(judgement.verdict), "Revoked");
  EXPECT_FALSE(judgement.verified.has_value());
}

TEST(Simulation, RevokedAuthorities) {
  const World world;
  const auto serial_of_member = [](const Authority::Member& member) {
    const Certificate certificate = must(Certificate::parse(member.certificate));
    std::array<std::uint8_t, 20> serial;
    std::ranges::copy(certificate.serial(), serial.begin());
    return serial;
  };
  const std::pair<const Authority::Member*, const char*> kCases[] = {
      {&world.authority.pck_ca, "the PCK CA certificate is revoked by the root CA"},
      {&world.authority.tcb_signing, "the TCB signing certificate is revoked by the root CA"}};
  for (const auto& [member, expected] : kCases) {
    CollateralFiles files = world.files();
    files[CollateralKind::root_crl].bytes = must(make_crl({.issuer_common_name = kRootName,
                                                           .validity = {kWorldBegins, kWorldBegins + 10 * 86400},
                                                           .number = 1,
                                                           .revoked = {serial_of_member(*member)}},
                                                          world.authority.root.key));
    Cache cache;
    EXPECT_EQ(cause(judge(world.quote(), files, world.anchor(), world.now, cache)), expected);
  }
}

TEST(Simulation, WithoutCrlsNothingIsVerified) {
  const World world;
  for (const CollateralKind missing : {CollateralKind::pck_crl, CollateralKind::root_crl}) {
    CollateralFiles files = world.files();
    files[missing].bytes.clear();
    Cache cache;
    const Judgement judgement = judge(world.quote(), files, world.anchor(), world.now, cache);
    EXPECT_EQ(cause(judgement), "");
    EXPECT_EQ(status_text(judgement.verdict), "UpToDate (no CRL in force)");
    EXPECT_FALSE(judgement.verified.has_value());
  }
}

TEST(Simulation, ItsTcbSignerIsNotKnown) {
  const World world;
  CollateralFiles files = world.files();
  files[CollateralKind::tcb_signing].bytes.clear();
  Cache cache;
  EXPECT_NE(cause(judge(world.quote(), files, world.anchor(), world.now, cache)).find("no TCB signing certificate"),
            std::string::npos);
}

TEST(Simulation, ExpiredDocumentsAreNamed) {
  World world;
  world.now = kWorldBegins + 31 * 86400;
  const Judgement judgement = judged(world);
  EXPECT_NE(cause(judgement).find("expired"), std::string::npos);
  EXPECT_FALSE(judgement.verified.has_value());
  world.now = kWorldBegins - 1;
  EXPECT_NE(cause(judged(world)).find("issued in the future"), std::string::npos);
}

// A cache that knows everything of a good verification must not carry a later one past what changed since.
TEST(Simulation, TheCacheSkipsNoDateRevocationOrLevel) {
  World world;
  const OwnedBytes quote = world.quote();
  const CollateralFiles files = world.files();
  Cache cache;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(judge(quote, files, world.anchor(), world.now, cache).verified.has_value());
  EXPECT_FALSE(judge(quote, files, world.anchor(), world.now + 30 * 86400, cache).verified.has_value());
  EXPECT_FALSE(judge(quote, files, World().anchor(), world.now, cache).verified.has_value());
  world.options.revoked = {pck_serial(world.quoting_enclave().pck())};
  EXPECT_FALSE(judge(quote, world.files(), world.anchor(), world.now, cache).verified.has_value());
  world.options.revoked.clear();
  world.options.tcb_level = 2;
  EXPECT_EQ(judge(quote, world.files(), world.anchor(), world.now, cache).verdict.status, TcbStatus::out_of_date);
}

TEST(Simulation, CachesAreBounded) {
  BoundedCache<int> cache(10);
  for (std::uint8_t i = 0; i < 100; ++i) cache.put(sgx::sha256({&i, 1}), std::make_shared<const int>(i), 3);
  EXPECT_LE(cache.size(), 10u);
  const std::uint8_t last = 99, first = 0;
  EXPECT_TRUE(cache.get(sgx::sha256({&last, 1})));
  EXPECT_FALSE(cache.get(sgx::sha256({&first, 1})));
  cache.put({}, std::make_shared<const int>(1), 11);
  EXPECT_FALSE(cache.get({}));
}

TEST(Simulation, OnlyReportsForTheQuotingEnclave) {
  const World world;
  const QuotingEnclave enclave = world.quoting_enclave();
  EXPECT_TRUE(enclave.quote(world.report(enclave.targetinfo())).ok());
  EXPECT_FALSE(enclave.quote(world.report(sgx::Targetinfo{})).ok());
  sgx::Report changed = world.report(enclave.targetinfo());
  changed.body.isvsvn ^= 1;
  EXPECT_FALSE(enclave.quote(changed).ok());
  World elsewhere;
  elsewhere.platform.fuse_key = {9};
  EXPECT_FALSE(enclave.quote(elsewhere.report(enclave.targetinfo())).ok());
}

TEST(Simulation, KeysStayAndFollowTheirPlatform) {
  World world;
  const QuotingEnclave first = world.quoting_enclave(), second = world.quoting_enclave();
  EXPECT_EQ(first.attestation_key_id(), second.attestation_key_id());
  EXPECT_EQ(must(first.quote(world.report(first.targetinfo()))).size(), first.quote_size());
  world.platform.cpusvn = World::level(2);
  EXPECT_NE(world.quoting_enclave().attestation_key_id(), first.attestation_key_id());
}

// What names a platform outlives its updates; what certifies it does not.
TEST(Simulation, IdentityStaysOverUpdates) {
  World world, elsewhere;
  const auto qe_id = [&world] {
    const OwnedBytes bytes = world.quote();
    const QuoteHeader header = must(parse_quote(bytes)).header;
    return std::vector(std::begin(header.user_data), std::end(header.user_data));
  };
  const PckIdentity before = world.quoting_enclave().pck();
  const auto id_before = qe_id();
  world.platform.cpusvn = World::level(2);
  world.svns = {.pcesvn = kCurrentPcesvn + 1, .qe_isvsvn = kCurrentQeIsvsvn + 1};
  const PckIdentity after = world.quoting_enclave().pck();
  EXPECT_EQ(before.ppid, after.ppid);
  EXPECT_EQ(id_before, qe_id());
  EXPECT_NE(pck_serial(before), pck_serial(after));
  elsewhere.platform.fuse_key = {9};
  EXPECT_NE(before.ppid, elsewhere.quoting_enclave().pck().ppid);
}

TEST(Simulation, CertifiesItsQuotesToTheAsker) {
  const World world;
  const QuotingEnclave enclave = world.quoting_enclave();
  const OwnedBytes quote = must(enclave.quote(world.report(enclave.targetinfo())));
  const std::array<std::uint8_t, 16> nonce{4, 5, 6};
  const sgx::Targetinfo asker = sgx::targetinfo_of(world.report(enclave.targetinfo()).body);
  const sgx::Report report = enclave.certify(nonce, quote, asker);
  EXPECT_TRUE(sgx::check_report(report, sgx::report_key(world.platform, asker, report.keyid)));
  OwnedBytes bound(nonce.begin(), nonce.end());
  bound.insert(bound.end(), quote.begin(), quote.end());
  EXPECT_TRUE(std::ranges::equal(sgx::sha256(bound), Bytes(report.body.reportdata).first(32)));
}

TEST(Simulation, AuthorityIsMadeOnceAndKeptPrivate) {
  std::string directory = (std::filesystem::temp_directory_path() / "cloister-authority-XXXXXX").string();
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const std::string state = directory + "/attestation";
  const Authority first = must(load_authority(state, kWorldBegins));
  Authority again = must(load_authority(state, kWorldBegins + 5));
  EXPECT_EQ(first.root.certificate, again.root.certificate);
  EXPECT_EQ(first.pck_ca.key.point(), again.pck_ca.key.point());
  struct stat status;
  ASSERT_EQ(stat((state + "/root-key.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(state.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  World world;
  world.authority = std::move(again);
  EXPECT_EQ(cause(judged(world)), "");
  std::filesystem::remove_all(directory);
}

// Bytes of an earlier version, so that a change of form is noticed: tests/vectors/simulation/README.md.
TEST(Simulation, KeptVectorsStillVerify) {
  const auto kept = [](const char* name) {
    return sgx::read_bytes(std::filesystem::path(CLOISTER_SOURCE_DIR) / "tests/vectors/simulation" / name);
  };
  CollateralFiles files;
  files[CollateralKind::tcb_info].bytes = kept("tcb_info.json");
  files[CollateralKind::qe_identity].bytes = kept("qe_identity.json");
  files[CollateralKind::pck_crl].bytes = kept("pck.crl");
  files[CollateralKind::root_crl].bytes = kept("root.crl");
  files[CollateralKind::tcb_signing].bytes = kept("tcb_signing.pem");
  files[CollateralKind::pck_ca].bytes = kept("pck_ca.pem");
  const TrustAnchor root = must(TrustAnchor::from_certificate(must(parse_certificates(kept("root.pem")))[0]));
  Cache cache;
  const Judgement judgement = judge(kept("quote.bin"), files, root, 1'798'000'000, cache);
  EXPECT_EQ(cause(judgement), "");
  EXPECT_EQ(status_text(judgement.verdict), "UpToDate");
  EXPECT_TRUE(judgement.verified.has_value());
  const Certificate pck = must(Certificate::parse(kept("pck.der")));
  EXPECT_EQ(make_pck_extension(must(parse_pck_extension(pck.sgx_extension()))), kept("pck_extension.der"));
}

TEST(Simulation, EveryLineSaysSo) {
  EXPECT_EQ(marked_as_simulation("a\nb\n"), "simulation: a\nsimulation: b\n");
  EXPECT_EQ(marked_as_simulation("a\nb"), "simulation: a\nsimulation: b");
  const World world;
  const OwnedBytes bytes = world.quote();
  const auto fields = verdict_fields(parse_quote(bytes).value(), judged(world));
  EXPECT_EQ(fields["simulation"], true);
  EXPECT_EQ(fields["status"], "UpToDate");
  EXPECT_EQ(fields["isvsvn"], 7);
}

}  // namespace cloister::dcap::simulation
