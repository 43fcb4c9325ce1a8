// SPDX-License-Identifier: Apache-2.0
// Who may do what with sessions, what becomes of secrets, and what the audit log says of it.
#include "src/cas/sessions/sessions.h"
#include <gtest/gtest.h>
#include <sstream>
#include <thread>
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/secrets/material_for_test.h"
#include "src/cas/secrets/pem_text.h"
#include "src/cas/sessions/service_for_test.h"

namespace cloister::cas {
namespace {

using Kind = Failure::Kind;

template <typename T>
std::string verdict(const Outcome<T>& outcome) {
  return outcome.ok() ? "ok" : outcome.failure().what;
}
template <typename T>
bool failed(const Outcome<T>& outcome, Kind kind) {
  return !outcome.ok() && outcome.failure().kind == kind;
}
session::Hash create(Service& service, const std::string& text, const ClientIdentity& client = kOwner) {
  const auto outcome = service.sessions.create(text, client);
  EXPECT_TRUE(outcome.ok()) << verdict(outcome);
  return outcome.ok() ? outcome.value().hash : session::Hash{};
}
std::string secret_value(Service& service, const char* session, const char* secret) {
  const auto live = service.sessions.current(session);
  if (!live) return "no session";
  const auto found = live->materials.find(secret);
  return found == live->materials.end() ? "no secret" : std::string(text_of(found->second.value));
}

constexpr char kPassword[] = "secrets:\n- {name: password, kind: ascii}\n";

}  // namespace

TEST(Sessions, AreReadAsTheyWereSent) {
  Service service;
  const std::string text = session_text("shop", "# a comment\n" + std::string(kPassword));
  const session::Hash hash = create(service, text);
  const auto read = service.sessions.read("shop", std::nullopt, kOwner);
  ASSERT_TRUE(read.ok()) << verdict(read);
  EXPECT_EQ(text_of(read.value().text), text);
  EXPECT_EQ(read.value().hash, hash);
  EXPECT_EQ(read.value().creator, *kOwner);
  EXPECT_EQ(text_of(read.value().text).find(secret_value(service, "shop", "password")), std::string_view::npos);
}

// Whoever may read a session and not replace it reads it without the values that it states.
TEST(Sessions, StatedValuesAreForTheCreatorAndForWhoMayUpdate) {
  const std::string rules[] = {"read: ANY", "read: ANY, update: [" + key_hash(kAlice) + "]", "read: ANY, update: ANY",
                               "read: ANY, update: NONE"};
  const bool alice_sees[] = {false, true, true, false}, nobody_sees[] = {false, false, true, false};
  for (std::size_t i = 0; i < std::size(rules); ++i) {
    Service service;
    const std::string text = session_text("shop",
                                          "# stated: sesame\nsecrets: [{name: word, kind: ascii, value: sesame}]\n"
                                          "images: [{name: nginx}]\naccess_policy: {" +
                                              rules[i] + "}\n");
    const session::Hash hash = create(service, text);
    const auto reads = [&](const ClientIdentity& client) {
      const auto read = service.sessions.read("shop", std::nullopt, client);
      EXPECT_TRUE(read.ok()) << verdict(read);
      EXPECT_EQ(read.value().hash, hash);
      const std::string shown(text_of(read.value().text));
      EXPECT_NE(shown.find("nginx"), std::string::npos);
      EXPECT_EQ(read.value().redacted, shown.find("sesame") == std::string::npos) << rules[i];
      return !read.value().redacted;
    };
    EXPECT_TRUE(reads(kOwner)) << rules[i];
    EXPECT_EQ(reads(kAlice), alice_sees[i]) << rules[i];
    EXPECT_EQ(reads(kNobody), nobody_sees[i]) << rules[i];
  }
}

TEST(Sessions, StatedValuesOfEarlierVersionsAreHiddenToo) {
  Service service;
  const std::string policy = "access_policy: {read: ANY}\n";
  const auto first =
      create(service, session_text("shop", "secrets: [{name: a, kind: ascii, value: sesame}]\n" + policy));
  ASSERT_TRUE(service.sessions.update("shop", session_text("shop", replacing(first) + policy), kOwner).ok());
  EXPECT_NE(text_of(service.sessions.read("shop", first, kOwner).value().text).find("sesame"), std::string_view::npos);
  EXPECT_EQ(text_of(service.sessions.read("shop", first, kAlice).value().text).find("sesame"), std::string_view::npos);
}

TEST(Sessions, UpdateNamesWhatItReplaces) {
  Service service;
  const session::Hash first = create(service, session_text("shop"));
  EXPECT_TRUE(failed(service.sessions.update("shop", session_text("shop", "secrets: []\n"), kOwner), Kind::conflict));
  const auto second = service.sessions.update("shop", session_text("shop", replacing(first)), kOwner);
  ASSERT_TRUE(second.ok()) << verdict(second);
  EXPECT_NE(second.value().hash, first);
  // The same once more: somebody else was faster.
  EXPECT_TRUE(failed(service.sessions.update("shop", session_text("shop", replacing(first)), kOwner), Kind::conflict));
  EXPECT_TRUE(failed(service.sessions.update("shop", session_text("other", replacing(second.value().hash)), kOwner),
                     Kind::invalid));
  // A new session has nothing that it could replace.
  EXPECT_TRUE(failed(service.sessions.create(session_text("new", replacing(first)), kOwner), Kind::conflict));
  EXPECT_TRUE(failed(service.sessions.create(session_text("shop"), kOwner), Kind::conflict));
}

TEST(Sessions, EarlierVersionsStayReadable) {
  Service service;
  const std::string text = session_text("shop", kPassword);
  const session::Hash first = create(service, text);
  ASSERT_TRUE(service.sessions.update("shop", session_text("shop", replacing(first)), kOwner).ok());
  const auto read = service.sessions.read("shop", first, kOwner);
  ASSERT_TRUE(read.ok()) << verdict(read);
  EXPECT_EQ(text_of(read.value().text), text);
  EXPECT_FALSE(read.value().current);
  EXPECT_TRUE(failed(service.sessions.read("shop", session::Hash{9}, kOwner), Kind::not_found));
  EXPECT_TRUE(failed(service.sessions.read("shop", first, kAlice), Kind::not_found));
}

TEST(Sessions, OfSeveralUpdatesAtOnceOneWins) {
  Service service;
  const session::Hash first = create(service, session_text("shop"));
  std::atomic<int> won{0}, lost{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const std::string text =
          session_text("shop", replacing(first) + "# " + std::to_string(i) + "\nsecrets:\n- {name: x" +
                                   std::to_string(i) + ", kind: ascii}\n");
      const auto outcome = service.sessions.update("shop", text, kOwner);
      if (outcome.ok()) ++won;
      if (failed(outcome, Kind::conflict)) ++lost;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 7);
}

TEST(Sessions, RootNamespaceIsTheOwners) {
  Service service;
  EXPECT_TRUE(failed(service.sessions.create(session_text("shop"), kAlice), Kind::not_allowed));
  EXPECT_TRUE(failed(service.sessions.create(session_text("/"), kAlice), Kind::not_allowed));
  EXPECT_TRUE(failed(service.sessions.create(session_text("shop"), kNobody), Kind::no_certificate));
  create(service, session_text("/", "access_policy: {create_sessions: [" + key_hash(kAlice) + "]}\n"));
  create(service, session_text("shop"), kAlice);
  create(service, session_text("mine"), kOwner);
  EXPECT_TRUE(failed(service.sessions.create(session_text("bobs"), kBob), Kind::not_allowed));
  // The owner has no right in what others made.
  EXPECT_TRUE(failed(service.sessions.read("shop", std::nullopt, kOwner), Kind::not_found));
}

TEST(Sessions, NamespaceDecidesWhoCreatesInIt) {
  Service service;
  EXPECT_TRUE(failed(service.sessions.create(session_text("team/app"), kOwner), Kind::not_allowed));
  create(service, session_text("team", "access_policy: {create_sessions: [" + key_hash(kAlice) + "]}\n"));
  EXPECT_TRUE(failed(service.sessions.create(session_text("team/app"), kBob), Kind::not_allowed));
  // Its creator has given that right to others alone.
  EXPECT_TRUE(failed(service.sessions.create(session_text("team/app"), kOwner), Kind::not_allowed));
  create(service, session_text("team/app"), kAlice);
  EXPECT_TRUE(failed(service.sessions.create(session_text("team/app/part"), kBob), Kind::not_allowed));
  create(service, session_text("team/app/part"), kAlice);
  EXPECT_TRUE(failed(service.sessions.create(session_text("team/none/part"), kAlice), Kind::not_allowed));
}

TEST(Sessions, NamespaceHashIsThatOfTheNamespace) {
  Service service;
  const session::Hash hash = create(service, session_text("team"));
  session::Hash other = hash;
  other[0] ^= 1;
  const auto within = [](const session::Hash& named) {
    return session_text("team/app", "namespace_hash: " + to_hex(named) + '\n');
  };
  EXPECT_TRUE(failed(service.sessions.create(within(other), kOwner), Kind::conflict));
  create(service, within(hash));
}

TEST(Sessions, MissingAndForbiddenAreOneAnswer) {
  Service service;
  create(service, session_text("exists"));
  const auto shape = [](Failure failure, const std::string& name) {
    const std::size_t at = failure.what.find(name);
    return std::tuple(failure.kind, failure.what.replace(at, name.size(), "NAME"), failure.hint, failure.place.line);
  };
  EXPECT_EQ(shape(service.sessions.read("exists", std::nullopt, kBob).failure(), "exists"),
            shape(service.sessions.read("absent", std::nullopt, kBob).failure(), "absent"));
  const auto update = [&](const char* name) {
    return shape(service.sessions.update(name, session_text(name), kBob).failure(), name);
  };
  EXPECT_EQ(update("exists"), update("absent"));
  const auto values = [&](const char* name) {
    return service.sessions.public_values(name, std::nullopt).failure().what;
  };
  EXPECT_EQ(values("exists"), values("absent"));
}

TEST(Sessions, EachCredentialOpensForWhomItNames) {
  const struct {
    std::string rule;
    bool owner, alice, bob, nobody;
  } kCases[] = {
      {"CREATOR", true, false, false, false},
      {"ANY", true, true, true, true},
      {"NONE", false, false, false, false},
      {'[' + key_hash(kAlice) + "]", false, true, false, false},
      {"[CREATOR, " + key_hash(kBob) + "]", true, false, true, false},
      {"[\"$$SCONE::friend$$\"]", false, true, false, false},
      {"[\"$$SCONE::noise$$\"]", false, false, false, false},
  };
  const std::string secrets =
      "secrets:\n- {name: friend, kind: ascii, value: \"" + key_hash(kAlice) + "\"}\n- {name: noise, kind: ascii}\n";
  for (const auto& one : kCases) {
    Service service;
    create(service, session_text("shop", secrets + "access_policy:\n  read: " + one.rule + "\n"));
    const auto reads = [&](const ClientIdentity& client) {
      return service.sessions.read("shop", std::nullopt, client).ok();
    };
    EXPECT_EQ(reads(kOwner), one.owner) << one.rule;
    EXPECT_EQ(reads(kAlice), one.alice) << one.rule;
    EXPECT_EQ(reads(kBob), one.bob) << one.rule;
    EXPECT_EQ(reads(kNobody), one.nobody) << one.rule;
  }
}

// Somebody with a certificate: who he is, and its PEM, as a block of YAML that is `indent` deep.
struct Certified {
  ClientIdentity identity = CertificateIdentity{};
  std::string pem;

  explicit Certified(const std::string& name) {
    const KeyPointer key = must(generate_key(session::KeyType::p256));
    const X509Pointer made =
        must(issue_certificate({.common_name = name, .now = static_cast<dcap::UnixTime>(kNow / 1000)}, *key, nullptr));
    identity->key_hash = sgx::sha256(must(public_key_der(*key)));
    identity->certificate_hash = sgx::sha256(must(certificate_der(*made)));
    pem = std::string(text_of(must(write_pem("CERTIFICATE", must(certificate_der(*made))))));
  }
  std::string block(std::size_t indent) const {
    std::string text = "|\n";
    std::istringstream lines(pem);
    for (std::string line; std::getline(lines, line);) text.append(indent, ' ').append(line).append("\n");
    return text;
  }
};

TEST(Sessions, CertificatesOpenForTheirKey) {
  Service service;
  const Certified alice("alice"), bob("bob");
  create(service, session_text("shop", "access_policy:\n  read:\n  - " + alice.block(4)));
  EXPECT_TRUE(service.sessions.read("shop", std::nullopt, alice.identity).ok());
  for (const ClientIdentity& other : {bob.identity, kOwner, kNobody})
    EXPECT_TRUE(failed(service.sessions.read("shop", std::nullopt, other), Kind::not_found));
}

// In sessions of 0.2 and before a hash is that of a certificate, and not that of its key.
TEST(Sessions, OldHashesAreThoseOfCertificates) {
  Service service;
  create(service, "name: shop\nversion: \"0.2\"\naccess_policy: {read: [" + to_hex(kAlice->certificate_hash) + "]}\n");
  create(service, "name: keys\nversion: \"0.2\"\naccess_policy: {read: [" + key_hash(kAlice) + "]}\n");
  EXPECT_TRUE(service.sessions.read("shop", std::nullopt, kAlice).ok());
  for (const ClientIdentity& other : {kBob, kOwner, kNobody})
    EXPECT_TRUE(failed(service.sessions.read("shop", std::nullopt, other), Kind::not_found));
  EXPECT_TRUE(failed(service.sessions.read("keys", std::nullopt, kAlice), Kind::not_found));
}

TEST(Sessions, UpdateIsAnotherRightThanRead) {
  Service service;
  const session::Hash first = create(service, session_text("shop", "access_policy: {read: [" + key_hash(kAlice) +
                                                                       "], update: [" + key_hash(kBob) + "]}\n"));
  EXPECT_TRUE(failed(service.sessions.update("shop", session_text("shop", replacing(first)), kAlice), Kind::not_found));
  EXPECT_TRUE(failed(service.sessions.read("shop", std::nullopt, kBob), Kind::not_found));
  ASSERT_TRUE(service.sessions.update("shop", session_text("shop", replacing(first)), kBob).ok());
  // CREATOR stays who made the first version.
  EXPECT_TRUE(service.sessions.read("shop", std::nullopt, kOwner).ok());
  EXPECT_FALSE(service.sessions.read("shop", std::nullopt, kBob).ok());
}

TEST(Sessions, RefusesByPlaceWhatIsWrongOrNotServed) {
  Service service;
  const auto unknown = service.sessions.create(session_text("shop", "colour: red\n"), kOwner);
  ASSERT_TRUE(failed(unknown, Kind::invalid));
  EXPECT_EQ(unknown.failure().place.line, 3);
  const auto later = service.sessions.create(session_text("shop", "volumes:\n- {name: data}\n"), kOwner);
  ASSERT_TRUE(failed(later, Kind::invalid));
  EXPECT_EQ(later.failure().place.line, 3);
  EXPECT_NE(later.failure().what.find("volumes"), std::string::npos) << later.failure().what;
  EXPECT_FALSE(service.sessions.current("shop"));
}

// What no enclave could be given is seen by its author, on updates, too.
TEST(Sessions, ServicesCanBeGivenWhatTheyAsk) {
  Service service;
  const std::string head = "services:\n- {name: web, mrenclaves: [" + std::string(64, 'a') + "], ";
  const std::string blob = "}\nsecrets: [{name: blob, kind: binary, value: \"00\"}]\n";
  const std::string files =
      "image_name: i}\nimages: [{name: i, injection_files: [{path: /a, content: x}, {path: /a/b, content: y}]}]\n";
  const auto first = create(service, session_text("shop", head + "command: 'web $$SCONE::blob:hex$$'" + blob));
  for (const std::string& bad : {"command: 'web $$SCONE::blob$$'" + blob, "environment: {A: $$SCONE::blob$$}" + blob,
                                 "pwd: srv" + blob, files}) {
    EXPECT_TRUE(failed(service.sessions.create(session_text("other", head + bad), kOwner), Kind::invalid)) << bad;
    const std::string update = session_text("shop", replacing(first) + head + bad);
    EXPECT_TRUE(failed(service.sessions.update("shop", update, kOwner), Kind::invalid)) << bad;
  }
  EXPECT_FALSE(service.sessions.current("other"));
}

TEST(Sessions, SecretsStayOverUpdatesAndRestarts) {
  Service service;
  const session::Hash first = create(service, session_text("shop", kPassword));
  const std::string password = secret_value(service, "shop", "password");
  EXPECT_EQ(password.size(), 20u);
  ASSERT_TRUE(service.sessions.update("shop", session_text("shop", replacing(first) + kPassword), kOwner).ok());
  EXPECT_EQ(secret_value(service, "shop", "password"), password);
  service.committer.reset();
  service.store.reset();
  service.store = open_store(service.folder.file());
  service.committer = std::make_unique<Committer>(*service.store);
  Sessions again(*service.store, *service.committer, kOwner->key_hash, [] { return kNow; });
  const auto live = again.current("shop");
  ASSERT_TRUE(live);
  EXPECT_EQ(text_of(live->materials.find("password")->second.value), password);
}

TEST(Sessions, ImportsWhatIsExportedToThem) {
  Service service;
  create(service, session_text("from",
                               "secrets:\n- {name: key, kind: binary, size: 32, export: {session: to}}\n"
                               "- {name: own, kind: ascii}\n"));
  const auto importing = [](const std::string& name, const std::string& secret, const std::string& from = "from") {
    return session_text(name, "secrets:\n- {name: got, import: {session: " + from + ", secret: " + secret + "}}\n");
  };
  create(service, importing("to", "key"));
  EXPECT_EQ(secret_value(service, "to", "got"), secret_value(service, "from", "key"));
  EXPECT_EQ(service.sessions.current("to")->session.secrets[0].kind, session::Kind::binary);
  for (const std::string& text : {importing("other", "key"), importing("to2", "own"), importing("to3", "none")})
    EXPECT_TRUE(failed(service.sessions.create(text, kOwner), Kind::invalid)) << text;
  // Who may not read the exporter does not learn whether it is there.
  create(service, session_text("/", "access_policy: {create_sessions: ANY}\n"));
  const auto hidden = service.sessions.create(importing("spy", "key"), kBob);
  const auto missing = service.sessions.create(importing("spy", "key", "nowhere"), kBob);
  ASSERT_TRUE(failed(hidden, Kind::invalid));
  std::string expected = verdict(missing);
  EXPECT_EQ(verdict(hidden), expected.replace(expected.find("nowhere"), 7, "from"));
}

TEST(Sessions, WarnsOfExportsToWhoeverOwnsAName) {
  Service service;
  const auto outcome = service.sessions.create(
      session_text("from", "secrets:\n- {name: key, kind: ascii, export: {session: to}}\n"), kOwner);
  ASSERT_TRUE(outcome.ok()) << verdict(outcome);
  ASSERT_EQ(outcome.value().warnings.size(), 1u);
  EXPECT_NE(outcome.value().warnings[0].what.find("key is exported to whoever owns the name to"), std::string::npos);
}

TEST(Sessions, WarnsOfWhatImportersHaveNoLonger) {
  Service service;
  const auto exporting = [](const char* migrate, const std::string& rest = "") {
    return session_text("from",
                        std::string("secrets:\n- {name: key, kind: private-key, migrate: ") + migrate +
                            "}\n- {name: ca, kind: x509-ca, private_key: key, common_name: CA, export: {session: to}}\n"
                            "- {name: word, kind: ascii, export: {session: to}}\n" +
                            rest);
  };
  const auto update = [&](const char* migrate) {
    const auto live = service.sessions.current("from");
    const auto outcome = service.sessions.update("from", exporting(migrate, replacing(live->hash())), kOwner);
    EXPECT_TRUE(outcome.ok()) << verdict(outcome);
    std::string warned;
    for (const yaml::Problem& warning : outcome.value().warnings)
      if (warning.what.find("made anew") != std::string::npos) warned += warning.what + '\n';
    return warned;
  };
  create(service, exporting("true"));
  EXPECT_EQ(update("true"), "");
  EXPECT_EQ(update("false"),
            "secret ca is made anew: until its own next update, each importing session (to) has the former one\n");
}

std::string rsa_keys(int count) {
  std::string secrets = "secrets:\n";
  for (int i = 0; i < count; ++i)
    secrets += "- {name: k" + std::to_string(i) + ", kind: private-key, key_type: RSA-3072}\n";
  return session_text("shop", secrets);
}

TEST(Sessions, MakesNoKeysForWhoMayNotCreate) {
  Service service;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(failed(service.sessions.create(rsa_keys(8), kBob), Kind::not_allowed));
    EXPECT_TRUE(failed(service.sessions.create(rsa_keys(8), kNobody), Kind::no_certificate));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

// Checking says what creating would say.
TEST(Sessions, LimitsOfSecretsAreCheckedBeforeAnyIsMade) {
  Service service;
  for (const auto& [count, what] :
       {std::pair(9, "secret k8: the session has more than 8 private keys of RSA that are stated or generated"),
        std::pair(1000, "secret k256: the session has 1000 secrets, and may have 256")}) {
    const auto outcome = service.sessions.create(rsa_keys(count), kOwner);
    ASSERT_TRUE(failed(outcome, Kind::invalid));
    EXPECT_EQ(outcome.failure().what, what);
    const session::Report report = Sessions::check(rsa_keys(count));
    ASSERT_EQ(report.problems.size(), 1u);
    EXPECT_EQ(report.problems.front().what, what);
  }
}

TEST(Sessions, PublicValuesAndNoOthers) {
  Service service;
  create(service, session_text("shop",
                               "secrets:\n- {name: open, kind: ascii, export_public: true}\n"
                               "- {name: key, kind: private-key, export_public: true}\n"
                               "- {name: closed, kind: ascii}\n"));
  const auto all = service.sessions.public_values("shop", std::nullopt);
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all.value().size(), 2u);
  EXPECT_EQ(all.value().at("key").kind, session::Kind::public_key);
  EXPECT_EQ(text_of(all.value().at("open").value), secret_value(service, "shop", "open"));
  EXPECT_TRUE(service.sessions.public_values("shop", "open").ok());
  EXPECT_TRUE(failed(service.sessions.public_values("shop", "closed"), Kind::not_public));
  EXPECT_TRUE(failed(service.sessions.public_values("shop", "none"), Kind::not_public));
}

TEST(Sessions, ListShowsWhatOneMaySee) {
  Service service;
  create(service, session_text("/", "access_policy: {create_sessions: ANY}\n"));
  create(service, session_text("alices"), kAlice);
  create(service, session_text("open", "access_policy: {read: ANY}\n"), kAlice);
  const auto names = [&](const ClientIdentity& client, const char* prefix = "") {
    return service.sessions.list(prefix, client).value();
  };
  // Whoever may create in the root namespace sees which names are taken.
  EXPECT_EQ(names(kOwner), (std::vector<std::string>{"/", "alices", "open"}));
  EXPECT_EQ(names(kBob), (std::vector<std::string>{"alices", "open"}));
  EXPECT_EQ(names(kBob, "op"), (std::vector<std::string>{"open"}));
  EXPECT_TRUE(failed(service.sessions.list("", kNobody), Kind::no_certificate));
}

TEST(Sessions, ListHidesTheRest) {
  Service service;
  create(service, session_text("secret"));
  create(service, session_text("space", "access_policy: {create_sessions: [" + key_hash(kAlice) + "]}\n"));
  create(service, session_text("space/a"), kAlice);
  EXPECT_EQ(service.sessions.list("", kAlice).value(), (std::vector<std::string>{"space/a"}));
  EXPECT_TRUE(service.sessions.list("", kBob).value().empty());
}

TEST(Sessions, AuditLogHasWhatHappened) {
  Service service;
  const session::Hash first = create(service, session_text("shop"));
  ASSERT_TRUE(service.sessions.update("shop", session_text("shop", replacing(first)), kOwner).ok());
  ASSERT_TRUE(service.sessions.read("shop", std::nullopt, kOwner).ok());
  ASSERT_FALSE(service.sessions.read("shop", std::nullopt, kBob).ok());
  ASSERT_TRUE(service.sessions.list("", kOwner).ok());
  const std::string log = service.audit();
  for (const char* kind : {"session_created", "session_updated", "session_read", "session_listed", "request_refused"})
    EXPECT_NE(log.find(kind), std::string::npos) << kind;
  EXPECT_NE(log.find(to_hex(kBob->key_hash)), std::string::npos);
  EXPECT_NE(log.find("replaces " + to_hex(first)), std::string::npos);
}

TEST(Sessions, RefusalsDoNotFillTheLog) {
  Service service;
  const std::uint64_t before = service.store->head().at.sequence;
  for (int i = 0; i < 500; ++i) ASSERT_FALSE(service.sessions.read("gone", std::nullopt, kBob).ok());
  EXPECT_EQ(service.store->head().at.sequence, before + RefusalBudget::kBurst);
  service.now += RefusalBudget::kInterval;
  ASSERT_FALSE(service.sessions.read("gone", std::nullopt, kBob).ok());
  EXPECT_EQ(service.store->head().at.sequence, before + RefusalBudget::kBurst + 1);
  EXPECT_NE(service.audit().find("440 more refusals"), std::string::npos);
}

TEST(Sessions, OwnerSetsTheClocksBoundBack) {
  Service service;
  const auto wrong = service.now + 86'400'000, right = service.now;
  const auto reset = [&](const ClientIdentity& client, std::int64_t owners_offset = 0) {
    return service.sessions.reset_clock(static_cast<dcap::UnixTime>(right / 1000) + owners_offset, client);
  };
  EXPECT_TRUE(failed(reset(kOwner), Kind::conflict));  // there is nothing to set back
  service.now = wrong;
  create(service, session_text("shop"));
  EXPECT_TRUE(failed(reset(kOwner), Kind::conflict)) << "the owner's clock shows that CAS's is ahead";
  service.now = right;
  for (const ClientIdentity& client : {kNobody, kAlice}) EXPECT_TRUE(failed(reset(client), Kind::not_allowed));
  for (const std::int64_t offset : {-301, 301}) EXPECT_TRUE(failed(reset(kOwner, offset), Kind::conflict));
  EXPECT_EQ(service.store->newest_time(), wrong);
  const auto done = reset(kOwner, 299);
  ASSERT_TRUE(done.ok()) << verdict(done);
  EXPECT_EQ(done.value().from, wrong);
  EXPECT_EQ(service.store->newest_time(), right);
  const std::string log = service.audit();
  EXPECT_NE(log.find("clock_reset"), std::string::npos);
  EXPECT_NE(log.find("from " + dcap::iso_time(static_cast<dcap::UnixTime>(wrong / 1000)) + ", to "), std::string::npos);
}

TEST(Sessions, CreatorInTheTextMustBeTheCreator) {
  Service service;
  create(service, session_text("/", "access_policy: {create_sessions: ANY}\n"));
  const Certified alice("alice"), bob("bob");
  const std::string text = session_text("shop", "creator: " + alice.block(2));
  const auto outcome = service.sessions.create(text, bob.identity);
  ASSERT_TRUE(failed(outcome, Kind::invalid));
  EXPECT_NE(verdict(outcome).find("`creator` names another certificate"), std::string::npos) << verdict(outcome);
  EXPECT_TRUE(service.sessions.create(text, alice.identity).ok());
  EXPECT_TRUE(
      failed(service.sessions.create(session_text("other", "creator: {signer: " + key_hash(kOwner) + "}\n"), kOwner),
             Kind::invalid));
}

}  // namespace cloister::cas
