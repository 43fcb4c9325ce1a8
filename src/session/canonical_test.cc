// SPDX-License-Identifier: Apache-2.0
// Whatever changes a session's meaning changes its hash and has a word in the difference; nothing else does.
#include "src/session/canonical.h"
#include <gtest/gtest.h>
#include "src/session/diff.h"
#include "src/session/everything_test.h"
#include "src/session/explain.h"
#include "src/session/migration.h"
#include "src/session/read_session.h"

namespace cloister::session {
namespace {
Session must(const std::string& text) {
  Report report;
  auto session = read_session(text, &report);
  for (const yaml::Problem& problem : report.problems) ADD_FAILURE() << yaml::text_of(problem, "session");
  return session ? std::move(*session) : Session{};
}
std::string edited(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos)
    ADD_FAILURE() << "no " << from;
  else
    text.replace(at, from.size(), to);
  return text;
}
bool mentions(const std::vector<Finding>& findings, const std::string& part, const std::string& words) {
  for (const Finding& one : findings)
    if (one.part == part && one.text.find(words) != std::string::npos) return true;
  return false;
}
}  // namespace

TEST(Canonical, EveryChangeChangesTheHashAndIsSaid) {
  const Session whole = must(kEverything);
  const Hash hash = session_hash(whole);
  static constexpr const char* kEdits[][2] = {
      {"ns/all", "ns/other"},
      {"version: 0.3.12", "version: 0.3"},
      {"salt: 00", "salt: 01"},
      {"- name: web\n", "- name: web2\n"},
      {"'a b' @@1", "a b @@1"},
      {"@@1", "@@2"},
      {"--token=$$SCONE::token$$", "--token=$$SCONE::stated$$"},
      {"      LEVEL: 7\n", "      LEVEL: 8\n"},
      {"      LEVEL: 7\n", ""},
      {"\\@\\@FROM_HOST", "FROM_HOST"},
      {"pwd: /srv", "pwd: /"},
      {"image_name: files", "image_name: files2"},
      {"          - 4000", "          - 4100"},
      {"isvprodid: 6", "isvprodid: 7"},
      {"isvsvn_min: 2", "isvsvn_min: 3"},
      {"isvsvn_max: 5", "isvsvn_max: 6"},
      {"isvsvn: 3", "isvsvn: 4"},
      {"mrsigner: 50", "mrsigner: 51"},
      {"      - $$SCONE::fragment$$\n", ""},
      {"00000009", "00000008"},
      {"one_time_password_shared_secret: JJ", "one_time_password_shared_secret: JK"},
      {"/fs.fspf", "/fs2.fspf"},
      {"fspf_tag: 00000000000000000000000000000010", "fspf_tag: 00000000000000000000000000000110"},
      {"no_rollback_protection", "rollback_protected_reinitializable"},
      {"permission: 0o400", "permission: 0o600"},
      {"/etc/app.json", "/etc/app2.json"},
      {"\"p\":", "\"q\":"},
      {"      - /etc/found\n", ""},
      {"path: /data", "path: /data2"},
      {"path: /data, update_policy: ephemeral", "path: /data, update_policy: no_rollback_protection"},
      {"provide_secrets: [token]", "provide_secrets: [token, stated]"},
      {"fspf_key: 11", "fspf_key: 21"},
      {"update_policy: rollback_protected\n", "update_policy: ephemeral\n"},
      {"files: authenticated-only", "files: encrypted"},
      {"session_hash: 13", "session_hash: 23"},
      {"volume_alias: input", "volume_alias: output"},
      {"volume: theirs", "volume: ours"},
      {"./below", "./beneath"},
      {"size: 32", "size: 33"},
      {"value: hello", "value: hallo"},
      {"kind: ascii, value: hello", "kind: binary, value: 00"},
      {"{session: ../other}", "{session: ../another}"},
      {"{namespace: ..}", "{session: ..}"},
      {"session_hash=14", "session_hash=24"},
      {"    export_public: true\n", ""},
      {"key_type: P-384, migrate: true", "key_type: P-384"},
      {"{name: public, kind: public-key, private_key: key}\n",
       "{name: public, kind: public-key, import: {session: a}}\n"},
      {"common_name: CA", "common_name: CB"},
      {"valid_for: 1 year", "valid_for: 2 years"},
      {"    issuer: ca\n", ""},
      {"endpoint: server", "endpoint: client"},
      {"*.example.com", "www.example.com"},
      {"ip:192.168.1.2", "ip:192.168.1.3"},
      {"value: {mrenclave: 15", "value: {mrenclave: 25"},
      {"secret: b", "secret: c"},
      {"cas_url: cas.", "cas_url: cas2."},
      {"cas_key: 17", "cas_key: 27"},
      {"cas_key: 17", "cas_software_key: 17"},
      {"tenant_id: t", "tenant_id: u"},
      {"application_secret: hush", "application_secret: hash"},
      {"secret_name: n", "secret_name: m"},
      {"vault: v.", "vault: w."},
      {"decryption_key: $$SCONE::bytes$$", "decryption_key: $$SCONE::imported$$"},
      {"for: 24h", "for: 25h"},
      {"claim: text", "claim: test"},
      {"vault: s.", "vault: t."},
      {"read: [CREATOR, 18", "read: [CREATOR, 28"},
      {"\"$$SCONE::stated$$\"]", "\"$$SCONE::token$$\"]"},
      {"require-at-least-1", "require-at-least-2"},
      {"signer: 19", "signer: 29"},
      {"create_sessions: NONE", "create_sessions: ANY"},
      {"list_sessions: ANY", "list_sessions: NONE"},
      {"singleton_enclaves: true", "singleton_enclaves: false"},
      {"sesame", "simsim"},
      {"mode: hardware", "mode: none"},
      {"[debug-mode, outdated-tcb]", "[debug-mode]"},
      {"[INTEL-SA-00161]", "[INTEL-SA-00162]"},
      {"[INTEL-SA-00161]", "\"*\""},
      {"simulation_root: 40", "simulation_root: 41"},
      {"pubkeys: [20", "pubkeys: [30"},
      {"must_be_sgx_local: true", "must_be_sgx_local: false"},
      {"key_size: 2048", "key_size: 4096"},
      {"    one_time_password_shared_secret: \"$$SCONE::bytes:base32nopad$$\"\n", ""},
  };
  for (const auto& [from, to] : kEdits) {
    const Session other = must(edited(kEverything, from, to));
    EXPECT_NE(session_hash(other), hash) << from;
    const auto list = differences(whole, other);
    ASSERT_FALSE(list.empty()) << from;
    for (const Difference& one : list) {
      EXPECT_EQ(words_of(one).find("hello"), std::string::npos);
      EXPECT_EQ(words_of(one).find("hush"), std::string::npos);
      EXPECT_EQ(words_of(one).find("sesame"), std::string::npos);
    }
  }
  // History: part of the hash, not of the difference.
  for (const auto& [from, to] : {std::pair{"predecessor: 10", "predecessor: 20"}, {"signer: 30", "signer: 31"}}) {
    const Session other = must(edited(kEverything, from, to));
    EXPECT_NE(session_hash(other), hash) << from;
    EXPECT_TRUE(differences(whole, other).empty()) << from;
  }
}
TEST(Canonical, TheTextDoesNotMatter) {
  const Hash hash = session_hash(must("name: s\nversion: \"0.3\"\nservices: [{name: a, mrenclaves: [" +
                                      std::string(64, 'a') + "], command: a b}]\n"));
  EXPECT_EQ(hash,
            session_hash(must(
                "# comment\nservices:\n- command: \"a   'b'\"\n  attestation: {mrenclave: " + std::string(64, 'A') +
                "}\n  name: a\n  persistency: None\nsecrets:\nversion: 0.3\nname: 's'\n" +
                "access_policy: {read: CREATOR, update: [CREATOR]}\nsecurity: {attestation: {mode: hardware}}\n")));
  EXPECT_EQ(session_hash(must("name: a/b\nversion: 0.3\nsecrets: [{name: x, import: {session: ../c}}]\n")),
            session_hash(must("name: a/b\nversion: 0.3\nsecrets: [{name: x, import: '/session=a/c,secret=x'}]\n")));
}
TEST(Canonical, NeighboursDoNotRunTogether) {
  EXPECT_NE(session_hash(must("name: s\nversion: 0.3\nsecrets: [{name: ab, kind: ascii, value: c}]\n")),
            session_hash(must("name: s\nversion: 0.3\nsecrets: [{name: a, kind: ascii, value: bc}]\n")));
}

TEST(Diff, PartsComeAndGo) {
  const Session before = must("name: s\nversion: 0.3\nsecrets: [{name: a, kind: ascii}]\n");
  const Session after = must("name: s\nversion: 0.3\nsecrets: [{name: b, kind: ascii}]\n");
  const auto list = differences(before, after);
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(words_of(list[0]), "secret a: removed");
  EXPECT_EQ(words_of(list[1]), "secret b: new");
  EXPECT_EQ(words_of(list[2]), "secret b: kind is new: ascii");
}

TEST(Migration, KeepsWhatTheLanguageKeeps) {
  const auto fate = [](const std::string& before, const std::string& after) {
    const std::string head = "name: s\nversion: 0.3.12\nsecrets:\n  - {name: k, kind: private-key}\n  - {name: x, ";
    for (const Migration& one : migrate_secrets(must(head + before + "}\n"), must(head + after + "}\n")))
      if (one.name == "x") return one.fate;
    return Fate::dropped;
  };
  EXPECT_EQ(fate("kind: ascii", "kind: ascii"), Fate::kept);
  EXPECT_EQ(fate("kind: ascii", "kind: ascii, size: 21"), Fate::generated);
  EXPECT_EQ(fate("kind: ascii", "kind: binary"), Fate::generated);
  EXPECT_EQ(fate("kind: ascii, value: v", "kind: ascii"), Fate::generated);
  EXPECT_EQ(fate("kind: ascii", "kind: ascii, value: v"), Fate::derived);
  EXPECT_EQ(fate("kind: ascii", "kind: ascii, import: {session: o}"), Fate::derived);
  EXPECT_EQ(fate("kind: binary", "kind: binary"), Fate::kept);
  EXPECT_EQ(fate("kind: pgp-key", "kind: pgp-key"), Fate::kept);
  EXPECT_EQ(fate("kind: private-key", "kind: private-key"), Fate::generated);
  EXPECT_EQ(fate("kind: private-key, migrate: true", "kind: private-key"), Fate::generated);
  EXPECT_EQ(fate("kind: private-key", "kind: private-key, migrate: true"), Fate::generated);
  EXPECT_EQ(fate("kind: private-key, migrate: true", "kind: private-key, migrate: true"), Fate::kept);
  EXPECT_EQ(fate("kind: private-key, migrate: true", "kind: private-key, migrate: true, key_type: P-384"),
            Fate::generated);
  EXPECT_EQ(fate("kind: x509, private_key: k", "kind: x509, private_key: k"), Fate::generated);
  EXPECT_EQ(fate("kind: ascii, import: {session: o}", "kind: ascii"), Fate::generated);
  const auto dropped = migrate_secrets(must("name: s\nversion: 0.3\nsecrets: [{name: a, kind: ascii}]\n"),
                                       must("name: s\nversion: 0.3\n"));
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0].fate, Fate::dropped);
}

TEST(Explain, SaysWhoGetsWhatAndWhatIsOpen) {
  const Session session = must(kEverything);
  const auto rights = explain_rights(session);
  EXPECT_TRUE(mentions(rights, "session ns/all", "May be read by its creator, or whoever has the key with hash 18"));
  EXPECT_TRUE(mentions(rights, "session ns/all", "2 of (1 of (whoever signs with the key 19"));
  EXPECT_TRUE(mentions(rights, "service web", "MRENCLAVE 4000"));
  EXPECT_TRUE(mentions(rights, "service web", "It gets the secrets token, bytes, leaf."));
  EXPECT_TRUE(mentions(rights, "secret token", "Given to the services web."));
  EXPECT_TRUE(mentions(rights, "secret stated", "No service gets it."));
  const auto open = explain_openings(session);
  EXPECT_TRUE(mentions(open, "tolerate", "debug-mode"));
  EXPECT_TRUE(mentions(open, "tolerate", "outdated-tcb"));
  EXPECT_TRUE(mentions(open, "ignore_advisories", "1 advisories"));
  EXPECT_TRUE(mentions(open, "service web", "arguments @@1"));
  EXPECT_TRUE(mentions(open, "service web", "variables FROM_HOST"));
  EXPECT_TRUE(mentions(open, "service web", "signer decides"));
  EXPECT_TRUE(mentions(open, "secret bytes", "export_public"));
  EXPECT_TRUE(mentions(open, "secret bytes", "Exported to session ns/other by name alone"));
  EXPECT_FALSE(mentions(open, "secret bytes", "session x/y"));
  EXPECT_FALSE(mentions(open, "secret imported", "by name alone"));
  EXPECT_TRUE(mentions(open, "line 6", "salt is not served yet"));
  const auto weak =
      explain_openings(must("name: s\nversion: 0.3\naccess_policy: {read: ANY, update: ANY, create_sessions: "
                            "ANY}\nsecrets: [{name: i, import: {session: o}}]\n"
                            "security: {attestation: {mode: none, ignore_advisories: '*'}}\n"));
  EXPECT_TRUE(mentions(weak, "mode", "nothing is released"));
  EXPECT_TRUE(mentions(weak, "ignore_advisories", "not even future ones"));
  EXPECT_TRUE(mentions(weak, "access policy", "read: everybody"));
  EXPECT_TRUE(mentions(weak, "access policy", "update: everybody"));
  EXPECT_TRUE(mentions(weak, "access policy", "create_sessions: everybody"));
  EXPECT_TRUE(mentions(weak, "secret i", "Imported from session o by name alone"));
  EXPECT_TRUE(explain_openings(must("name: s\nversion: 0.3\n")).empty());
}
}  // namespace cloister::session
