// SPDX-License-Identifier: Apache-2.0
// What the command remembers, what it believes of a CAS, and that it notices one that went back.
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <filesystem>
#include <fstream>
#include "src/base/hex.h"
#include "src/cas/api/api_for_test.h"
#include "src/cas/api/server.h"
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/keys.h"
#include "src/client/audit_reader.h"
#include "src/client/cas_answer.h"
#include "src/client/cas_client.h"
#include "src/ratls/make.h"

namespace cloister::client {
namespace {

template <typename T>
T must(Result<T> result) {
  if (!result.ok()) std::abort();
  return std::move(result).take();
}
State open_state(const cas::Folder& folder) {
  std::string problem;
  auto state = State::open(folder.path() + "/state", problem);
  EXPECT_TRUE(state.ok()) << problem;
  return std::move(state).take();
}
OwnerKey owner_of(const State& state) {
  std::string problem;
  auto key = state.owner_key(problem);
  EXPECT_TRUE(key.ok()) << problem;
  return std::move(key).take();
}
unsigned mode_of(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 ? found.st_mode & 0777 : 0;
}

audit::AuditKey audit_key(std::uint8_t seed) {
  return must(audit::AuditKey::from_seed(std::array<std::uint8_t, 32>{seed}));
}
Pin sample_pin(const audit::AuditKey& key) {
  Pin pin{.address = "127.0.0.1:8081", .audit_key = key.public_key(), .simulation = true, .attested = 1'790'000'000};
  pin.cas_key_hash.fill(1);
  pin.mrenclave.fill(2);
  pin.owner_key_hash.fill(3);
  pin.seen = {.sequence = 7, .hash = {4}};
  return pin;
}

// CAS's API on a loopback port, over a copy of a store.
struct RunningCas {
  cas::KeyPointer key = must(cas::generate_key(session::KeyType::p256));
  cas::X509Pointer certificate =
      must(cas::issue_certificate({.common_name = "cas", .now = 1'790'000'000}, *key, nullptr));
  std::unique_ptr<cas::SealedStore> store;
  std::unique_ptr<cas::Committer> committer;
  std::unique_ptr<cas::Sessions> sessions;
  std::unique_ptr<cas::UpgradesForTest> upgrades;
  cas::EvidenceForTest evidence;
  std::unique_ptr<cas::Api> api;
  std::unique_ptr<cas::ApiServer> server;
  std::uint16_t port = 0;

  void start(const std::string& file, const Digest& owner) {
    store = cas::open_store(file);
    committer = std::make_unique<cas::Committer>(*store);
    sessions = std::make_unique<cas::Sessions>(*store, *committer, owner, [] { return cas::kNow; });
    upgrades = std::make_unique<cas::UpgradesForTest>(*store, *committer, *sessions, owner, [] { return cas::kNow; });
    api = std::make_unique<cas::Api>(*sessions, *store, upgrades->upgrades, evidence,
                                     cas::CasIdentity{.cas_key = {}, .owner_key_hash = owner},
                                     [] { return std::string(); });
    const std::unique_ptr<SSL_CTX, cas::FreeWith<SSL_CTX_free>> tls(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_verify(tls.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(
        tls.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
    SSL_CTX_use_certificate(tls.get(), certificate.get());
    SSL_CTX_use_PrivateKey(tls.get(), key.get());
    std::string problem;
    auto started = cas::ApiServer::start({.port = port}, tls.get(), *api, problem);
    EXPECT_TRUE(started.ok()) << problem;
    server = std::move(started).take();
    port = server->port();
  }
  void stop() {
    server.reset();
    api.reset();
    upgrades.reset();
    sessions.reset();
    committer.reset();
    store.reset();
  }
  Pin pin(const Digest& owner) const {
    const SecretBytes spki = must(cas::public_key_der(*key));
    return {.address = "127.0.0.1:" + std::to_string(port),
            .cas_key_hash = sgx::sha256(spki),
            .audit_key = store->audit_key(),
            .owner_key_hash = owner,
            .seen = store->head().at};
  }
};

void trust(const State& state, const Pin& pin) {
  std::string problem;
  ASSERT_TRUE(state.change_pins([&](std::vector<Pin>& pins) { pins = {pin}; }, problem).ok()) << problem;
}
CasClient open_client(const cas::Folder& folder) {
  std::string problem;
  auto client = CasClient::open(open_state(folder), "", problem);
  EXPECT_TRUE(client.ok()) << problem;
  return std::move(client).take();
}

}  // namespace

TEST(State, MakesTheOwnersKeyOnceAndKeepsItPrivate) {
  const cas::Folder folder;
  const State state = open_state(folder);
  const OwnerKey first = owner_of(state), second = owner_of(open_state(folder));
  EXPECT_EQ(first.hash, second.hash);
  EXPECT_NE(first.hash, Digest{});
  EXPECT_EQ(mode_of(state.folder()), 0700u);
  EXPECT_EQ(mode_of(state.folder() + "/owner.key"), 0600u);
  EXPECT_TRUE(first.key.starts_with("-----BEGIN PRIVATE KEY-----"));
  const auto certificate = must(cas::certificates_from_pem(first.certificate));
  EXPECT_TRUE(cas::belongs_to(*certificate.front(), *must(cas::private_key_from_pem(first.key))));
}

TEST(State, RefusesAFolderThatOthersWriteTo) {
  const cas::Folder folder;
  std::filesystem::create_directory(folder.path() + "/state");
  ASSERT_EQ(chmod((folder.path() + "/state").c_str(), 0777), 0);
  std::string problem;
  EXPECT_FALSE(State::open(folder.path() + "/state", problem).ok());
  EXPECT_NE(problem.find("chmod 700"), std::string::npos) << problem;
}

TEST(Pins, AreReadAsTheyWereWritten) {
  const Pin pin = sample_pin(audit_key(1));
  const std::string text = write_pins({pin});
  const auto pins = read_pins(text);
  ASSERT_TRUE(pins.ok());
  ASSERT_EQ(pins.value().size(), 1u);
  EXPECT_EQ(write_pins(pins.value()), text);
  EXPECT_EQ(pins.value()[0].seen, pin.seen);
  for (const std::string& bad : {std::string(), std::string("{}"), std::string("[]"), text.substr(0, text.size() / 2),
                                 std::string(R"({"version":2,"cas":[]})"), std::string(R"({"version":1,"cas":[{}]})"),
                                 std::string(R"({"version":1,"cas":[1]})")})
    EXPECT_FALSE(read_pins(bad).ok()) << bad;
}

TEST(Pins, NoticeACasThatWentBack) {
  const audit::AuditKey key = audit_key(1);
  const auto verdict = [&](std::uint64_t sequence, std::uint8_t hash, const audit::AuditKey& signer) {
    Pin pin = sample_pin(key);
    std::string problem;
    const bool ok = see_head(pin, must(signer.sign({.sequence = sequence, .hash = {hash}})), problem).ok();
    EXPECT_EQ(ok, problem.empty());
    EXPECT_EQ(pin.seen.sequence, ok ? sequence : 7u);
    return ok;
  };
  EXPECT_TRUE(verdict(7, 4, key));
  EXPECT_TRUE(verdict(8, 9, key));
  EXPECT_FALSE(verdict(6, 4, key));
  EXPECT_FALSE(verdict(7, 5, key));
  EXPECT_FALSE(verdict(8, 9, audit_key(2)));
}

TEST(CasUrl, TakesAddresses) {
  EXPECT_EQ(address_of(must(cas_url("cas.example.org"))), "cas.example.org:8081");
  EXPECT_EQ(address_of(must(cas_url("https://cas.example.org:443"))), "cas.example.org:443");
  EXPECT_EQ(address_of(must(cas_url("[::1]:9"))), "[::1]:9");
  for (const char* bad : {"", "http://x", "x/y", "a b", "x:y"}) EXPECT_FALSE(cas_url(bad).ok()) << bad;
}

TEST(Evidence, EveryPartIsBound) {
  const audit::AuditKey key = audit_key(1);
  CasAnswer good{.quote = {},
                 .cas_key = {1, 2, 3},
                 .audit_key = key.public_key(),
                 .owner_key_hash = {7},
                 .head = must(key.sign({.sequence = 5, .hash = {6}}))};
  Expected expected{.nonce = {9}, .server_key = {1, 2, 3}, .owner_key_hash = {7}};
  sgx::ReportBody report{};
  const auto fill = [&] {
    const auto data = report_data(release::EvidenceOfCas{.nonce = expected.nonce,
                                                         .cas_key_hash = release::sha256(good.cas_key),
                                                         .audit_key_hash = release::sha256(good.audit_key),
                                                         .owner_key_hash = good.owner_key_hash,
                                                         .audit_sequence = good.head.at.sequence,
                                                         .audit_head = good.head.at.hash});
    std::ranges::copy(data, report.reportdata);
    std::ranges::copy(release::cas_id(good.owner_key_hash), report.configid);
  };
  fill();
  const auto holds = [&](const CasAnswer& answer, const sgx::ReportBody& body, const Expected& wanted) {
    std::string problem;
    const bool ok = check_evidence(answer, body, wanted, problem).ok();
    EXPECT_EQ(ok, problem.empty());
    return ok;
  };
  EXPECT_TRUE(holds(good, report, expected));
  const auto without = [&](auto change) {
    CasAnswer answer = good;
    sgx::ReportBody body = report;
    Expected wanted = expected;
    change(answer, body, wanted);
    return !holds(answer, body, wanted);
  };
  EXPECT_TRUE(without([](auto&, auto&, auto& wanted) { wanted.nonce[31] ^= 1; }));
  // The quote of the certificate for third parties, of the same key and nonce.
  EXPECT_TRUE(without([](auto& answer, auto& body, auto& wanted) {
    const auto claims = ratls::make_claims(answer.cas_key, wanted.nonce, ratls::kPurposeOfCas);
    std::ranges::copy(ratls::report_data(claims), body.reportdata);
  }));
  EXPECT_TRUE(without([](auto&, auto&, auto& wanted) { wanted.server_key[0] ^= 1; }));
  EXPECT_TRUE(without([](auto&, auto&, auto& wanted) { wanted.owner_key_hash[0] ^= 1; }));
  EXPECT_TRUE(without([](auto& answer, auto&, auto& wanted) { wanted.server_key = answer.cas_key = {4}; }));
  EXPECT_TRUE(without([](auto& answer, auto&, auto&) { answer.audit_key[40] ^= 1; }));
  EXPECT_TRUE(without([](auto& answer, auto&, auto& wanted) { wanted.owner_key_hash = answer.owner_key_hash = {8}; }));
  EXPECT_TRUE(without([](auto& answer, auto&, auto&) { ++answer.head.at.sequence; }));
  EXPECT_TRUE(without([](auto& answer, auto&, auto&) { answer.head.at.hash[0] ^= 1; }));
  EXPECT_TRUE(without([](auto& answer, auto&, auto&) { answer.head.signature[0] ^= 1; }));
  for (int i = 0; i < 64; ++i) {
    EXPECT_TRUE(without([i](auto&, auto& body, auto&) { body.reportdata[i] ^= 1; })) << i;
    EXPECT_TRUE(without([i](auto&, auto& body, auto&) { body.configid[i] ^= 1; })) << i;
  }
}

TEST(CasClient, TalksOnlyToWhatIsPinned) {
  const cas::Folder folder;
  const State state = open_state(folder);
  const Digest owner = owner_of(state).hash;
  RunningCas running;
  running.start(folder.file(), owner);
  std::string problem;
  EXPECT_FALSE(CasClient::open(open_state(folder), "", problem).ok());
  EXPECT_NE(problem.find("cloister cas attest"), std::string::npos) << problem;
  trust(state, running.pin(owner));
  CasClient client = open_client(folder);
  const auto created =
      client.ask({.method = "POST", .path = "/v1/sessions", .body = cas::session_text("shop")}, problem);
  ASSERT_TRUE(created.ok()) << problem;
  EXPECT_EQ(created.value().status, 201u);
  EXPECT_EQ(must(state.pins(problem))[0].seen, running.store->head().at);
  const auto refused = client.ask({.method = "POST", .path = "/v1/sessions", .body = "colour: red"}, problem);
  ASSERT_TRUE(refused.ok()) << problem;
  EXPECT_TRUE(error_text(refused.value()).starts_with("1:1: ")) << error_text(refused.value());
  Pin other = running.pin(owner);
  other.cas_key_hash[0] ^= 1;
  trust(state, other);
  EXPECT_EQ(open_client(folder).ask({.path = "/v1/version"}, problem).error().code(), Errc::mismatch);
}

TEST(CasClient, NoticesAnOlderCopyOfTheStore) {
  const cas::Folder folder;
  const State state = open_state(folder);
  const Digest owner = owner_of(state).hash;
  RunningCas running;
  running.start(folder.file(), owner);
  trust(state, running.pin(owner));
  running.stop();
  std::filesystem::copy_file(folder.file(), folder.file("old.db"));
  std::string problem;
  running.start(folder.file(), owner);
  ASSERT_TRUE(open_client(folder)
                  .ask({.method = "POST", .path = "/v1/sessions", .body = cas::session_text("shop")}, problem)
                  .ok());
  running.stop();
  running.start(folder.file("old.db"), owner);
  EXPECT_EQ(open_client(folder).ask({.path = "/v1/version"}, problem).error().code(), Errc::mismatch);
  EXPECT_NE(problem.find("GONE BACK"), std::string::npos) << problem;
  // Going on from the old copy does not hide it.
  ASSERT_TRUE(running.sessions->create(cas::session_text("evil"), cas::CertificateIdentity{.key_hash = owner}).ok());
  ASSERT_EQ(running.store->head().at.sequence, must(state.pins(problem))[0].seen.sequence);
  EXPECT_EQ(open_client(folder).ask({.path = "/v1/version"}, problem).error().code(), Errc::mismatch);
  EXPECT_NE(problem.find("ANOTHER HISTORY"), std::string::npos) << problem;
  // Beyond that entry only the log itself shows it, which the owner asks for. What was seen stays what it was.
  ASSERT_TRUE(running.sessions->create(cas::session_text("evil2"), cas::CertificateIdentity{.key_hash = owner}).ok());
  const auto remembered = must(state.pins(problem))[0].seen;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(open_client(folder).ask({.path = "/v1/version"}, problem).error().code(), Errc::mismatch);
    EXPECT_NE(problem.find("ANOTHER HISTORY"), std::string::npos) << problem;
    EXPECT_EQ(must(state.pins(problem))[0].seen, remembered);
  }
  CasClient client = open_client(folder);
  AuditReader reader(client);
  EXPECT_EQ(reader.read(1, problem).error().code(), Errc::mismatch) << problem;
}

TEST(AuditReader, ReadsPartAfterPart) {
  const cas::Folder folder;
  const State state = open_state(folder);
  const Digest owner = owner_of(state).hash;
  RunningCas running;
  running.start(folder.file(), owner);
  trust(state, running.pin(owner));
  CasClient client = open_client(folder);
  std::string problem;
  AuditReader reader(client);
  const auto first = reader.read(1, problem);
  ASSERT_TRUE(first.ok()) << problem;
  EXPECT_EQ(first.value().entries.size(), running.store->head().at.sequence);
  ASSERT_TRUE(running.sessions->create(cas::session_text("shop"), cas::CertificateIdentity{.key_hash = owner}).ok());
  const auto second = reader.read(first.value().head.at.sequence + 1, problem);
  ASSERT_TRUE(second.ok()) << problem;
  EXPECT_EQ(second.value().entries.size(), 1u);
  EXPECT_EQ(second.value().entries[0].subject, "shop");
}

}  // namespace cloister::client
