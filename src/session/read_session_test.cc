// SPDX-License-Identifier: Apache-2.0
// Each check of the readers, by a session that only it refuses.
#include "src/session/read_session.h"
#include <gtest/gtest.h>
#include "src/session/everything_test.h"

namespace cloister::session {
namespace {
const std::string kHash(64, 'a');
constexpr std::size_t kSize = 4 << 20;  // of a request's body

// "ok", "warning: …" or all complaints with their places.
std::string verdict(const std::string& text) {
  Report report;
  const auto session = read_session(text, &report);
  std::string all;
  for (const yaml::Problem& problem : report.problems) all += yaml::text_of(problem, "s").substr(2) + "; ";
  if (!all.empty()) return all;
  if (!session) return "nothing";
  return report.warnings.empty() ? "ok" : "warning: " + yaml::text_of(report.warnings.front(), "s").substr(2);
}
// In the newest version, or in that of `version`.
std::string body(const std::string& text, const std::string& version = "0.3.12") {
  return verdict("name: ns/s\nversion: " + version + "\n" + text);
}
std::string service(const std::string& lines) {
  return body("services:\n- name: web\n  mrenclaves: [" + kHash + "]\n" + lines);
}
std::string attested(const std::string& attestation) {
  return body("services:\n- name: web\n  attestation: " + attestation + "\n");
}
std::string secret(const std::string& keys, const std::string& version = "0.3.12") {
  return body(
      "secrets:\n- {name: key, kind: private-key}\n- {name: ca, kind: x509-ca, private_key: key}\n- {name: x, " + keys +
          "}\n",
      version);
}
std::string policy(const std::string& text, const std::string& version = "0.3.12") {
  return body("access_policy: " + text + "\n", version);
}
std::string security(const std::string& text) { return body("security:\n  attestation: " + text + "\n"); }
std::string placeholder(const std::string& kind, const std::string& text, const std::string& version = "0.3.12") {
  return body("secrets: [{name: k, kind: private-key}, {name: x, " + kind +
                  "}]\nimages: [{name: i, injection_files: [{path: /f, content: '" + text + "'}]}]\n",
              version);
}
#define EXPECT_SAYS(call, words)                              \
  do {                                                        \
    const std::string said_ = (call);                         \
    EXPECT_NE(said_.find(words), std::string::npos) << said_; \
  } while (false)
}  // namespace

TEST(ReadSession, EverythingIsRead) {
  Report report;
  const auto session = read_session(kEverything, &report);
  ASSERT_TRUE(session) << yaml::text_of(report.problems.front(), "s");
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_EQ(report.warnings[0].what, "simulated enclaves get the secrets");
  const Service& web = session->services.at(0);
  EXPECT_EQ(web.command.size(), 4u);
  EXPECT_EQ(web.command[2].text.text, "a b");
  EXPECT_EQ(web.environment.size(), 3u);
  EXPECT_TRUE(web.environment[2].from_host);
  EXPECT_EQ(web.environment[2].name, "FROM_HOST");
  ASSERT_EQ(web.attestation.size(), 3u);
  EXPECT_EQ(web.attestation[0].mrenclave[0].literal->front(), 0x40);
  EXPECT_EQ(web.attestation[0].mrenclave[1].variable.text, "$$SCONE::measured$$");
  EXPECT_EQ(web.attestation[0].signer->isvsvn_max->literal, 5);
  EXPECT_TRUE(web.attestation[2].fragment);
  EXPECT_EQ(session->images[0].injection_files[0].mode, 0400u);
  EXPECT_EQ(session->images[0].injection_files[1].mode, 0700u);
  EXPECT_FALSE(session->images[0].injection_files[2].content);
  const Secret& bytes = *session->secret("bytes");
  ASSERT_EQ(bytes.exports.size(), 3u);
  EXPECT_EQ(bytes.exports[0].name, "ns/other");
  EXPECT_EQ(bytes.exports[1].name, "ns");
  EXPECT_TRUE(bytes.exports[1].is_namespace);
  EXPECT_EQ(bytes.exports[2].name, "x/y");
  EXPECT_EQ(bytes.exports[2].hash->front(), 0x14);
  EXPECT_EQ(session->volumes[1].import->from.name, "ns/all/below");
  EXPECT_EQ(session->secret("leaf")->common_name, "*.example.com");
  EXPECT_EQ(*session->secret("leaf")->valid_seconds, 90u * 86400);
  EXPECT_EQ(session->secret("imported")->kind, Kind::unknown);
  EXPECT_EQ(session->secret("imported")->import->from.remote->url, "cas.example.com");
  EXPECT_EQ(session->access_policy.update.any_of[0].required, 2u);
  EXPECT_EQ(session->access_policy.update.any_of[0].of[0].required, 1u);
  EXPECT_EQ(session->security.tolerate.size(), 2u);
}
TEST(ReadSession, DefaultsAreFilledIn) {
  Report report;
  const auto session = read_session(
      "name: s\nversion: 0.3\naccess_policy: {update: NONE}\nsecrets: [{name: x, kind: ascii}]\n", &report);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->access_policy.read.any_of.at(0).kind, Credential::Kind::creator);
  EXPECT_EQ(session->access_policy.create_sessions.any_of.at(0).kind, Credential::Kind::none);
  EXPECT_EQ(session->access_policy.list_sessions.any_of.at(0).kind, Credential::Kind::creator);
  EXPECT_EQ(session->secrets[0].size, 20u);
  EXPECT_EQ(session->security.mode.literal, AttestationMode::hardware);
}

TEST(ReadSession, TextThatIsNoSession) {
  EXPECT_SAYS(verdict("[]"), "a session must be a mapping");
  EXPECT_SAYS(verdict(""), "empty");
  EXPECT_SAYS(verdict("name: s\nname: t\n"), "2:1: duplicate key name");
  EXPECT_SAYS(verdict("name: &a s\n"), "anchor");
  EXPECT_SAYS(verdict("name: !!str s\n"), "tag");
  EXPECT_SAYS(verdict("name: !cas s\n"), "tag !cas");
  EXPECT_SAYS(
      body("secrets: [{name: f, kind: config-fragment, value: " + std::string(33, '[') + std::string(33, ']') + "}]"),
      "nested deeper than 32");
  EXPECT_SAYS(verdict("version: 0.3\n"), "a session has no name");
  EXPECT_SAYS(body("servces: []\n"), "3:1: unknown key servces in a session (did you mean services?)");
}
TEST(ReadSession, SecretsAreLimited) {
  const auto secrets = [](int count, const std::string& kind, const char* version = "0.3.12") {
    std::string text = "secrets:\n";
    for (int i = 0; i < count; ++i) text += "- {name: s" + std::to_string(i) + ", kind: " + kind + "}\n";
    return body(text, version);
  };
  EXPECT_EQ(secrets(256, "ascii"), "ok");
  EXPECT_EQ(secrets(257, "ascii"),
            "260:3: secret s256: the session has 257 secrets, and may have 256 (divide it into several sessions); ");
  const std::string rsa =
      "12:3: secret s8: the session has more than 8 private keys of RSA that are stated or generated (use P-256, P-384 "
      "or Ed25519, or several sessions); ";
  EXPECT_EQ(secrets(8, "private-key, key_type: RSA-2048"), "ok");
  EXPECT_EQ(secrets(9, "private-key, key_type: RSA-2048"), rsa);
  EXPECT_EQ(secrets(9, "private-key, key_type: P-384"), "ok");
}

TEST(ReadSession, Versions) {
  for (const char* version : {"0.2", "0.3", "\"0.3\"", "0.3.1", "0.3.2", "0.3.3", "0.3.4", "0.3.5", "0.3.6", "0.3.7",
                              "0.3.8", "0.3.9", "0.3.10", "0.3.11", "0.3.12"})
    EXPECT_EQ(verdict(std::string("name: s\nversion: ") + version + "\n"), "ok") << version;
  for (const char* version : {"0.30", "0.3.13", "0.4", "1.0", "~", "[0.3]", "1.0beta"})
    EXPECT_SAYS(verdict(std::string("name: s\nversion: ") + version + "\n"), "2:10: unknown version");
  EXPECT_EQ(verdict("name: a:b\ndigest: create\n"), "ok");
}
TEST(ReadSession, Names) {
  const auto named = [](const std::string& name, const char* version = "0.3.12") {
    return verdict("name: " + name + "\nversion: " + version + "\n");
  };
  EXPECT_EQ(named("a~b.c-d_e"), "ok");
  EXPECT_EQ(named("/"), "ok");
  EXPECT_EQ(named(std::string(512, 'a')), "ok");
  EXPECT_SAYS(named("/", "0.3.10"), "is not in version 0.3.10 (write `version: 0.3.11` or newer)");
  EXPECT_SAYS(named("a/b", "0.3.4"), "write `version: 0.3.5` or newer");
  EXPECT_SAYS(named(std::string(513, 'a')), "longer than 512");
  EXPECT_SAYS(named("a b"), "may have letters");
  EXPECT_SAYS(named("a:b"), "may have letters");
  EXPECT_SAYS(named("a//b"), "empty component");
  EXPECT_SAYS(named("/a"), "empty component");
  EXPECT_SAYS(named("../a"), "not absolute");
  EXPECT_SAYS(named("''"), "is empty");
  EXPECT_SAYS(named("[a]"), "must be a text");
}
TEST(ReadSession, History) {
  EXPECT_EQ(body("predecessor: ~\n"), "ok");
  EXPECT_EQ(body("predecessor:\n"), "ok");
  EXPECT_SAYS(body("predecessor: abc\n"), "predecessor must have 64 hexadecimal digits (it has 3 characters)");
  EXPECT_SAYS(body("predecessor: $P\n"), "--set NAME=VALUE");
  EXPECT_EQ(body("namespace_hash: " + kHash + "\n"), "ok");
  EXPECT_SAYS(body("predecessor: " + kHash + "\nnamespace_hash: " + kHash + "\n"),
              "namespace_hash and predecessor together");
  EXPECT_SAYS(body("salt: 00\n"), "salt must have 32");
  EXPECT_SAYS(body("creator: someone\n"), "creator must be in PEM");
  EXPECT_SAYS(body("creator: {signer: someone}\n"), "signer must be in PEM");
  EXPECT_SAYS(body("creator: {}\n"), "a creator has no signer");
}

TEST(ReadServices, Services) {
  EXPECT_EQ(service(""), "ok");
  EXPECT_SAYS(body("services: {}\n"), "services must be a list");
  EXPECT_SAYS(body("services: [a]\n"), "a service must be a mapping");
  EXPECT_SAYS(service("- name: web\n  mrenclaves: [" + kHash + "]\n"),
              "6:3: a second service web (the first is in line 4)");
  EXPECT_SAYS(body("services: [{mrenclaves: [" + kHash + "]}]\n"), "a service has no name");
  EXPECT_SAYS(body("services: [{name: a/b, mrenclaves: [" + kHash + "]}]\n"), "a service's name must have");
  EXPECT_SAYS(body("services: [{name: a}]\n"), "service a has no attestation");
  EXPECT_SAYS(body("services: [{name: a}]\nsecurity: {attestation: {mode: none}}\n"), "warning: 4:32: mode none");
  EXPECT_SAYS(body("services: [{name: a, mrenclaves: []}]\n"), "mrenclaves is empty");
  EXPECT_SAYS(body("services: [{name: a, mrenclaves: [12]}]\n"), "an MRENCLAVE must have 64");
  EXPECT_SAYS(service("  attestation: {mrenclave: " + kHash + "}\n"), "attestation and mrenclaves together");
  EXPECT_SAYS(service("  persistency: Some\n"), "persistency can only be None");
  EXPECT_EQ(service("  persistency: None\n"), "ok");
  EXPECT_SAYS(service("  image_name: i\n"), "warning: 4:3: service web names an image that is not described");
}
TEST(ReadServices, RawBytesWhereNoneCanBe) {
  const std::string secrets =
      "secrets: [{name: b, kind: binary}, {name: k, kind: private-key}, {name: v, kind: binary, value: 6162}]\n";
  EXPECT_SAYS(service("  environment: {T: x$$SCONE::b$$}\n" + secrets),
              "warning: 6:21: variable T takes raw bytes of b: whenever they hold a NUL byte, the service gets nothing "
              "(take a text of them, as in $$SCONE::b:hex$$)");
  EXPECT_SAYS(service("  command: [a, '$$SCONE::b:bin$$']\n" + secrets),
              "warning: 6:17: the command takes raw bytes of b");
  EXPECT_SAYS(service("  pwd: /$$SCONE::k:der$$\n" + secrets), "as in $$SCONE::k:pem$$");
  EXPECT_EQ(service("  environment: {T: $$SCONE::b:hex$$, U: $$SCONE::k$$, V: $$SCONE::v$$}\n" + secrets), "ok");
}
TEST(ReadServices, Commands) {
  EXPECT_EQ(service("  command: [a, 'b c', '@@1', 7]\n"), "ok");
  EXPECT_SAYS(service("  command: a 'b\n"), "has no end (it begins at character 3");
  EXPECT_SAYS(service("  command: ' '\n"), "command is empty");
  EXPECT_SAYS(service("  command: []\n"), "command is empty");
  EXPECT_SAYS(service("  command: {a: b}\n"), "command must be a text");
  EXPECT_SAYS(service("  command: [[a]]\n"), "an argument must be a text");
  EXPECT_SAYS(service("  command: a @@1 @@2 @@1\n"), "@@1 a second time in the command");
  EXPECT_SAYS(service("  command: a @@0\n"), "@@0 is no argument of the host");
  EXPECT_SAYS(body("services: [{name: a, mrenclaves: [" + kHash + "], command: [a]}]\n", "0.3"), "ok");
  EXPECT_SAYS(verdict("name: s\nversion: 0.2\nservices: [{name: a, mrenclaves: [" + kHash + "], command: [a]}]\n"),
              "a command as a list is not in version 0.2");
  EXPECT_SAYS(body("services: [{name: a, mrenclaves: [" + kHash + "], command: a @@1}]\n", "0.3.7"),
              "write `version: 0.3.8`");
}
TEST(ReadServices, Environments) {
  EXPECT_EQ(service("  environment: {A: 1, B: true, C: , \\@\\@D: ''}\n  pwd: here\n"), "ok");
  EXPECT_EQ(service("  environment:\n"), "ok");
  EXPECT_SAYS(service("  environment: [A=1]\n"), "environment must be a mapping");
  EXPECT_SAYS(service("  environment: {A: [1]}\n"), "variable A must be a text");
  EXPECT_SAYS(service("  environment: {A=: 1}\n"), "may not be empty or contain =");
  EXPECT_SAYS(service("  environment: {\\@\\@: 1}\n"), "may not be empty or contain =");
  EXPECT_SAYS(service("  environment: {A: 1, \\@\\@A: 1}\n"), "variable A both from the policy and from the host");
}
TEST(ReadServices, Attestation) {
  const std::string signer = "{signer: {mrsigner: " + kHash + ", isvprodid: 1";
  EXPECT_EQ(attested("{mrenclave: " + kHash + "}"), "ok");
  EXPECT_EQ(attested("[{mrenclave: [" + kHash + ", " + kHash + "]}, " + signer + "}}]"), "ok");
  EXPECT_EQ(attested(signer + ", isvsvn: 65535}}"), "ok");
  EXPECT_SAYS(attested("[]"), "attestation is empty");
  EXPECT_SAYS(attested("{}"), "without mrenclave and signer");
  EXPECT_SAYS(attested("[[" + kHash + "]]"), "an attestation must be a mapping");
  EXPECT_SAYS(attested("{mrenclave: []}"), "mrenclave is empty");
  EXPECT_SAYS(attested("{mrenclave: 00}"), "an MRENCLAVE must have 64");
  EXPECT_SAYS(attested("{mrenclaves: 00}"), "unknown key mrenclaves in an attestation (did you mean mrenclave?)");
  EXPECT_SAYS(attested("{signer: {isvprodid: 1}}"), "a signer has no mrsigner");
  EXPECT_SAYS(attested("{signer: {mrsigner: " + kHash + "}}"), "warning: 5:25: a signer without isvprodid");
  EXPECT_SAYS(attested(signer + ", isvsvn: 1, isvsvn_min: 1}}"), "isvsvn together with");
  EXPECT_SAYS(attested(signer + ", isvsvn: 1, isvsvn_max: 1}}"), "isvsvn together with");
  EXPECT_SAYS(attested(signer + ", isvsvn_min: 2, isvsvn_max: 1}}"), "isvsvn_min is larger");
  EXPECT_SAYS(attested(signer + ", isvsvn: 65536}}"), "isvsvn must be a number from 0 to 65535");
  EXPECT_SAYS(attested(signer + ", isvsvn: '1'}}"), "isvsvn must be a number from 0 to 65535");
  EXPECT_SAYS(attested("$$SCONE::f$$"), "no secret f in this session");
  EXPECT_SAYS(body("secrets: [{name: m, kind: ascii, value: x}]\nservices: [{name: a, attestation: {mrenclave: "
                   "$$SCONE::m$$}}]\n",
                   "0.3.9"),
              "write `version: 0.3.10`");
}
TEST(ReadServices, FilesAndPlatforms) {
  EXPECT_EQ(service("  platforms: [INTEL_QE_ID:" + std::string(32, '0') + ", " + kHash + "]\n"), "ok");
  EXPECT_SAYS(service("  platforms: [INTEL_QE_ID:00]\n"), "INTEL_QE_ID must have 32");
  EXPECT_SAYS(service("  platforms: [here]\n"), "a platform must have 64");
  EXPECT_SAYS(service("  fspf_path: /f\n  fspf_key: 00\n"), "fspf_key must have 64");
  EXPECT_SAYS(service("  fspf_path: /f\n  fspf_key: " + kHash + "\n  fspf_tag: 00\n"), "fspf_tag must have 32");
  EXPECT_SAYS(service("  fspf_tag: " + std::string(32, '0') + "\n"), "fspf_tag without fspf_key");
  EXPECT_SAYS(service("  fspf_update_policy: never\n"), "never is not an update policy");
  EXPECT_EQ(service("  one_time_password_shared_secret: ABCDEFGHIJKLMNOPQRSTUVWX23====\n"), "ok");
  EXPECT_SAYS(service("  one_time_password_shared_secret: ABCDEFGHIJKLMNOPQRSTUVWX2\n"), "base32 of 128 bits");
  EXPECT_SAYS(service("  one_time_password_shared_secret: ABCDEFGHIJKLMNOPQRSTUVWX01\n"), "base32 of 128 bits");
}

TEST(ReadImages, Images) {
  const auto files = [](const std::string& list) {
    return body("images: [{name: i, injection_files: " + list + "}]\n");
  };
  EXPECT_EQ(files("[/a, {path: /b}, {path: /c, content: '', permission: 0o400}]"), "ok");
  EXPECT_SAYS(body("images: [{}]\n"), "an image has no name");
  EXPECT_SAYS(body("images: [{name: i}, {name: i}]\n"), "a second image i");
  EXPECT_SAYS(files("{}"), "injection_files must be a list");
  EXPECT_SAYS(files("[a]"), "an injection file must be an absolute path");
  EXPECT_SAYS(files("[{path: /a/../b}]"), "path must be an absolute path");
  EXPECT_SAYS(files("[{content: x}]"), "an injection file has no path");
  EXPECT_SAYS(files("[{path: /a, permission: 400}]"), "permission must be an octal number");
  EXPECT_SAYS(files("[{path: /a, permission: 0o1777}]"), "permission must be an octal number");
  EXPECT_SAYS(files("[{path: /a}, /a]"), "a second injection file /a");
  EXPECT_SAYS(body("images: [{name: i, provide_secrets: [x]}]\n"), "no secret x in this session");
  EXPECT_SAYS(body("images: [{name: i, volumes: [{name: v, path: /v}]}]\n"), "volume v is not described");
  EXPECT_SAYS(verdict("name: s\nimages: [{name: i, volumes: [{name: v, path: /v}]}]\n"), "warning: ");
  EXPECT_SAYS(body("images: [{name: i, volumes: [{name: v}]}]\nvolumes: [{name: v}]\n"),
              "a volume of an image has no path");
  EXPECT_SAYS(body("images: [{name: i, volumes: [{path: /v}]}]\n"), "a volume of an image has no name");
}
TEST(ReadImages, Volumes) {
  const auto volume = [](const std::string& keys) { return body("volumes: [{name: v" + keys + "}]\n"); };
  const std::string key = ", fspf_key: " + kHash, tag = ", fspf_tag: " + std::string(32, '0');
  EXPECT_EQ(volume(key + tag), "ok");
  EXPECT_SAYS(body("volumes: [{}]\n"), "a volume has no name");
  EXPECT_SAYS(body("volumes: [{name: v}, {name: v}]\n"), "a second volume v");
  EXPECT_SAYS(volume(key), "belong together");
  EXPECT_SAYS(volume(tag), "belong together");
  EXPECT_SAYS(volume(key + tag + ", import: {session: o}"), "an imported volume with a key");
  EXPECT_SAYS(volume(", files: none"), "files must be encrypted or authenticated-only");
  EXPECT_SAYS(volume(", export: {namespace: o}"), "unknown key namespace");
  EXPECT_SAYS(volume(", export: {session: o, cas_url: c, cas_key: " + kHash + "}"),
              "cannot be exported to another CAS");
  EXPECT_EQ(volume(", export: [{to: {session: ./x}, volume_alias: a, update_policy: ephemeral}]"), "ok");
  EXPECT_SAYS(volume(", export: [{to: {session: x}, volume_alias: a/b}]"), "volume_alias must have");
}

TEST(ReadPeers, Forms) {
  const auto exported = [](const std::string& to, const char* version = "0.3.12") {
    return body("secrets: [{name: x, kind: ascii, export: " + to + "}]\n", version);
  };
  EXPECT_EQ(exported("[{session: a}, {namespace: b}, '/session=c']"), "ok");
  EXPECT_EQ(exported("'host:8081/cas_software_key=" + kHash + ",session=c,session_hash=" + kHash + "'"), "ok");
  EXPECT_EQ(verdict("name: s\nversion: 0.2\nsecrets: [{name: x, kind: ascii, export: [a, 'b:" + kHash + "']}]\n"),
            "ok");
  EXPECT_SAYS(exported("a"), "import/export name alone is not in version 0.3.12 (it ended with version 0.2)");
  EXPECT_SAYS(exported("[]\n, size: [1]"), "size must be a number");
  EXPECT_SAYS(exported("[{}]"), "an export without session or namespace");
  EXPECT_SAYS(exported("[[a]]"), "a session that secrets are shared with must be a mapping");
  EXPECT_SAYS(exported("[{session: a, namespace: b}]"), "session and namespace together");
  EXPECT_SAYS(exported("[{session: a b}]"), "session's name may have letters");
  EXPECT_SAYS(exported("[{session: ../../../a}]"), "leads out of the root namespace");
  EXPECT_SAYS(exported("[{session: ./a}]", "0.3.9"), "write `version: 0.3.10`");
  EXPECT_SAYS(exported("[{session: a, session_hash: 0}]"), "session_hash must have 64");
  EXPECT_SAYS(exported("[{session: a, secret: x}]"), "unknown key secret");
  EXPECT_SAYS(exported("[{session: a, cas_url: h}]"), "either cas_key or cas_software_key");
  EXPECT_SAYS(exported("[{session: a, cas_url: h, cas_key: " + kHash + ", cas_software_key: " + kHash + "}]"),
              "either cas_key or cas_software_key");
  EXPECT_SAYS(exported("[{session: a, cas_key: " + kHash + "}]"), "cas_key without cas_url");
  EXPECT_SAYS(exported("[{session: a, cas_url: h, cas_key: short}]"), "cas_key must be a key hash");
  EXPECT_SAYS(exported("['session=a']"), "without a slash before its first key");
  EXPECT_SAYS(exported("['/session=a,b']"), "a part of a session's URL without =");
  EXPECT_SAYS(exported("['/session=a,session=b']"), "duplicate key session");
  EXPECT_SAYS(exported("['/session=../a']"), "a relative name in a session's URL");
  EXPECT_SAYS(exported("['/session=a,sesion_hash=b']"), "unknown key sesion_hash");
  EXPECT_SAYS(body("secrets: [{name: x, import: {secret: y}}]\n"), "an import without session");
  EXPECT_EQ(body("secrets: [{name: x, import: '/session=a,secret=b'}]\n"), "ok");
}

TEST(ReadSecrets, Sources) {
  EXPECT_EQ(secret("kind: ascii"), "ok");
  EXPECT_SAYS(body("secrets: [{kind: ascii}]\n"), "a secret has no name");
  EXPECT_SAYS(body("secrets: [{name: x, kind: ascii}, {name: x, kind: ascii}]\n"), "a second secret x");
  EXPECT_SAYS(secret("size: 3"), "secret x has no kind");
  EXPECT_SAYS(secret("kind: asci"), "asci is not a kind of secret (did you mean ascii?)");
  EXPECT_SAYS(secret("kind: ascii, value: a, import: {session: o}"), "has a value and an import");
  EXPECT_SAYS(secret("import: {session: o}, import_akv: {vault: v}"), "has import and import_akv");
  EXPECT_SAYS(secret("kind: ascii, value: a, size: 2"), "warning: ");
  EXPECT_SAYS(secret("kind: ascii, value: "), "warning: 6:33: secret x has an empty value, so it is generated");
  EXPECT_EQ(secret("kind: ascii, value: ''"), "ok");
  EXPECT_EQ(secret("kind: ascii, value: '$$SCONE::other:fmt$$'"), "ok");
  EXPECT_SAYS(secret("kind: ascii, size: 0"), "size must be a number from 1 to 65536");
  EXPECT_SAYS(secret("kind: ascii, value: [a]"), "value must be a text");
  EXPECT_SAYS(secret("kind: binary, value: 0f0"), "must be hexadecimal digits, two for each byte");
  EXPECT_SAYS(secret("kind: private-key, value: x"), "value must be in PEM");
  EXPECT_SAYS(secret("kind: private-key, value: '-----BEGIN PUBLIC KEY----- MAA= -----END PUBLIC KEY-----'"),
              "PEM of another kind");
  EXPECT_EQ(secret("kind: private-key, value: '-----BEGIN PRIVATE KEY----- MAA= -----END PRIVATE KEY-----'"), "ok");
  EXPECT_SAYS(secret("kind: private-key, value: '-----BEGIN PRIVATE KEY----- AAA= -----END PRIVATE KEY-----'"),
              "warning: ");
  EXPECT_SAYS(secret("kind: private-key, value: '-----BEGIN PRIVATE KEY----- ... -----END PRIVATE KEY-----'"),
              "value must be in PEM");
  EXPECT_SAYS(secret("kind: public-key"), "neither private_key nor value");
  EXPECT_SAYS(
      secret("kind: public-key, private_key: key, value: '-----BEGIN PUBLIC KEY----- MAA= -----END PUBLIC KEY-----'"),
      "has a value and a private_key");
  EXPECT_SAYS(secret("kind: config-fragment"), "a config-fragment cannot be generated");
  EXPECT_SAYS(secret("kind: ascii, export_public: maybe"), "export_public must be true or false");
  EXPECT_SAYS(secret("kind: ascii, migrate: true"), "migrate is not for kind ascii (it is for private-key)");
  EXPECT_SAYS(secret("kind: private-key, key_type: P-521"), "P-521 is not a key type (known are P-256");
  EXPECT_SAYS(secret("kind: private-key, key_type: RSA-2048", "0.3.6"), "write `version: 0.3.7`");
}
TEST(ReadSecrets, Certificates) {
  EXPECT_EQ(secret("kind: x509, private_key: key, issuer: ca, dns: www.example.com"), "ok");
  EXPECT_SAYS(secret("kind: x509"), "neither private_key nor value");
  EXPECT_EQ(verdict("name: s\nversion: 0.2\nsecrets: [{name: x, kind: x509}]\n"), "ok");
  EXPECT_SAYS(secret("kind: x509, private_key: kay"),
              "private_key kay is no secret of this session (did you mean key?)");
  EXPECT_SAYS(secret("kind: x509, private_key: ca"),
              "private_key ca is of kind x509-ca (it must be of kind private-key)");
  EXPECT_SAYS(secret("kind: x509, private_key: key, issuer: key"), "issuer key is of kind private-key");
  EXPECT_SAYS(secret("kind: x509-ca, private_key: key, issuer: x"), "certificate x would be issued by itself");
  EXPECT_SAYS(body("secrets: [{name: k, kind: private-key}, {name: a, kind: x509-ca, private_key: k, issuer: b}, "
                   "{name: b, kind: x509-ca, private_key: k, issuer: a}]\n"),
              "certificate a would be issued by itself");
  EXPECT_SAYS(secret("kind: x509, private_key: key, endpoint: both"), "endpoint must be server or client");
  EXPECT_SAYS(secret("kind: x509, private_key: key, endpoint: client, dns: a"), "dns together with endpoint: client");
  EXPECT_SAYS(secret("kind: x509, private_key: key, dns: 'a b'"), "not a DNS name");
  EXPECT_SAYS(secret("kind: x509, private_key: key, dns: a.*.b"), "not a DNS name");
  EXPECT_SAYS(secret("kind: x509, private_key: key, dns: -a"), "not a DNS name");
  EXPECT_SAYS(secret("kind: x509, private_key: key, san: 'dns:'"), "not a DNS name");
  EXPECT_SAYS(secret("kind: x509, private_key: key, san: 'ip:1.2.3'"), "not an alternative name");
  EXPECT_SAYS(secret("kind: x509, private_key: key, san: example.com"), "not an alternative name");
  EXPECT_EQ(secret("kind: x509, private_key: key, valid_for: 1 year 2 months 3w 4d 5h 6min 7s"), "ok");
  for (const char* duration : {"soon", "1", "90 dayz", "0 days", "1001 years", "99999999999999999999 s"})
    EXPECT_SAYS(secret(std::string("kind: x509, private_key: key, valid_for: ") + duration),
                "valid_for must be a duration");
}
TEST(ReadSecrets, TokensAndVaults) {
  const std::string azure = "kind: aad-token, tenant_id: t, client_id: c";
  EXPECT_EQ(secret(azure + ", application_secret: s"), "ok");
  EXPECT_EQ(secret(azure + ", private_key: key, certificate_thumbprint: t"), "ok");
  EXPECT_SAYS(secret(azure), "needs either application_secret");
  EXPECT_SAYS(secret(azure + ", private_key: key"), "needs either application_secret");
  EXPECT_SAYS(secret("kind: aad-token, application_secret: s"), "secret x has no tenant_id");
  EXPECT_SAYS(secret("kind: ascii, import_akv: {secret_name: a}"), "an import from a key vault has no vault");
  EXPECT_SAYS(secret("kind: ascii, import_akv: {vault: v}"), "import_akv without token");
  EXPECT_SAYS(secret("kind: ascii, import_akv: {vault: v, token: t}"), "token must be a placeholder");
  const std::string jwt = "kind: jwt, signer: big, alg: ES384, validity: {for: 1h}";
  const auto token = [&](const std::string& keys, const char* key_type = "P-384") {
    return body("secrets: [{name: big, kind: private-key, key_type: " + std::string(key_type) + "}, {name: x, " + keys +
                "}]\n");
  };
  EXPECT_EQ(token(jwt + ", payload: {a: b, c: $$SCONE::self::software_identity$$}"), "ok");
  EXPECT_SAYS(token(jwt, "P-256"), "ES384 needs a P-384 key");
  EXPECT_SAYS(token("kind: jwt, alg: ES384, validity: {for: 1h}"), "secret x has no signer");
  EXPECT_SAYS(token("kind: jwt, signer: x, alg: ES384, validity: {for: 1h}"), "signer x is of kind jwt");
  EXPECT_SAYS(token("kind: jwt, signer: big, alg: HS256, validity: {for: 1h}"), "alg must be ES384");
  EXPECT_SAYS(token("kind: jwt, signer: big, alg: ES384, validity: {}"), "validity has no for");
  EXPECT_SAYS(token(jwt + ", payload: {exp: 1}"), "claim exp is set by the service");
  EXPECT_SAYS(token(jwt + ", payload: {a: [b]}"), "a claim must be a text");
  EXPECT_SAYS(token(jwt + ", payload: [a]"), "payload must be a mapping");
  EXPECT_SAYS(token(jwt + ", payload: {a: 'x$$SCONE::big$$'}"), "a placeholder inside of a longer claim");
  EXPECT_EQ(body("secret_config: {store_in: !cas }\n"), "ok");
  EXPECT_SAYS(body("secret_config: {store_in: cas}\n"), "store_in must be !cas");
  EXPECT_SAYS(body("secret_config: {store_in: !akv {token: $$SCONE::x$$}}\n"), "!akv has no vault");
  EXPECT_SAYS(body("secret_config: {}\n"), "secret_config has no store_in");
}

TEST(ReadAccess, Credentials) {
  const std::string pem = "'-----BEGIN CERTIFICATE----- MAA= -----END CERTIFICATE-----'";
  const std::string base58 = "46YyxrywJ8PFRruWX8YLxa9q4axxYJgTbA81tv7NBcJfn43DQt";
  EXPECT_EQ(policy("{read: [CREATOR, " + kHash + ", " + base58 + ", " + pem + "], update: NONE, list_sessions: ANY}"),
            "ok");
  EXPECT_EQ(policy("{update: [{signer: " + kHash + "}, {require-all: [{signer: " + base58 + "}, CREATOR]}]}"), "ok");
  EXPECT_SAYS(policy("[]"), "an access policy must be a mapping");
  EXPECT_SAYS(policy("{delete: NONE}"), "unknown key delete");
  EXPECT_SAYS(policy("{read: []}"), "read is empty");
  EXPECT_SAYS(policy("{read: creator}"), "not a credential");
  EXPECT_SAYS(policy("{read: $OWNER}"), "--set NAME=VALUE");
  EXPECT_SAYS(policy("{read: [~]}"), "an empty credential");
  EXPECT_SAYS(policy("{read: ~}"), "an empty credential");
  EXPECT_SAYS(policy("{read: [[CREATOR]]}"), "a list inside of a list of credentials");
  EXPECT_SAYS(policy("{read: [ANY, CREATOR]}"), "ANY beside other credentials");
  EXPECT_SAYS(policy("{read: [CREATOR, NONE]}"), "NONE beside other credentials");
  EXPECT_SAYS(policy("{read: {signer: " + kHash + "}}"), "signer cannot be asked for read");
  EXPECT_SAYS(policy("{list_sessions: {require-all: [CREATOR]}}"), "require-all cannot be asked for list_sessions");
  EXPECT_SAYS(policy("{update: {signer: x}}"), "signer must be in PEM");
  EXPECT_SAYS(policy("{update: {require-some: [CREATOR]}}"), "unknown credential require-some");
  EXPECT_SAYS(policy("{update: {signer: " + kHash + ", require-all: [CREATOR]}}"), "a credential has one key");
  EXPECT_SAYS(policy("{update: {require-all: []}}"), "require-all of nobody");
  EXPECT_SAYS(policy("{update: {require-all: CREATOR}}"), "require-all must be a list");
  for (const char* number : {"0", "3", "x", "", "2x"})
    EXPECT_SAYS(policy(std::string("{update: {require-at-least-") + number + ": [CREATOR, CREATOR]}}"),
                "needs a number from 1");
  EXPECT_SAYS(policy("{update: {require-all: [ANY]}}"), "cannot be part of a board");
  EXPECT_SAYS(policy("{update: {require-all: [CREATOR]}}", "0.3.9"), "write `version: 0.3.10`");
  EXPECT_SAYS(policy("{list_sessions: ANY}", "0.3.11"), "write `version: 0.3.12`");
  EXPECT_SAYS(policy("{read: $$SCONE::x$$}"), "no secret x in this session");
  EXPECT_SAYS(policy("{read: '$$SCONE::x$$ y'}"), "must be one placeholder and nothing else");
  EXPECT_SAYS(body("secrets: [{name: x, kind: ascii}]\naccess_policy: {read: $$SCONE::x}\n"),
              "warning: 4:23: a placeholder without its end");
  EXPECT_SAYS(policy("$$SCONE::x$$", "0.3.9"), "write `version: 0.3.10`");
}

TEST(ReadSecurity, Attestation) {
  EXPECT_EQ(security("{tolerate: [debug-mode, debug-mode], ignore_advisories: '*'}"), "ok");
  EXPECT_EQ(security("{tolerate: debug-mode, ignore_advisories: ['*']}"), "ok");
  EXPECT_EQ(security("{ignore_advisories: [], url: }"), "ok");
  EXPECT_SAYS(
      security(
          "{mode: maa, url: 'https://a.b', tolerate: [maa-managed-tcb], min_rsa_signing_key_size: 1024, certificates: "
          "'-----BEGIN CERTIFICATE----- MAA= -----END CERTIFICATE-----'}"),
      "warning: 4:23: mode maa: no enclave");
  EXPECT_SAYS(security("{mode: software}"), "software is not an attestation mode");
  EXPECT_SAYS(security("{tolerate: [debug]}"), "warning: 4:28: debug is an older spelling");
  EXPECT_SAYS(security("{tolerate: [everything]}"), "everything is not a toleration");
  EXPECT_SAYS(security("{ignore_advisories: '*'}"), "warning: ");
  EXPECT_SAYS(security("{ignore_advisories: [INTEL-SA-161]}"), "not an advisory");
  EXPECT_SAYS(security("{ignore_advisories: [INTEL-SA-0016x]}"), "not an advisory");
  EXPECT_SAYS(security("{mode: maa, tolerate: [maa-managed-tcb]}"), "mode maa without url");
  EXPECT_SAYS(security("{mode: maa, url: 'https://a.b'}"), "warning: 4:16: mode maa without maa-managed-tcb");
  EXPECT_SAYS(security("{url: 'http://a.b'}"), "warning: ");
  EXPECT_SAYS(security("{certificates: x}"), "a provider's certificate must be in PEM");
  EXPECT_SAYS(security("{min_rsa_signing_key_size: 512}"), "must be a number from 1024");
  EXPECT_SAYS(security("{trusted_scone_qe_pubkeys: [x]}"), "a key must have 64");
  EXPECT_SAYS(security("{must_be_sgx_local: 1}"), "must_be_sgx_local must be true or false");
  EXPECT_SAYS(security("{one_time_password_shared_secret: short}"), "base32 of 128 bits");
  EXPECT_SAYS(body("security: {singleton_enclaves: 'true'}\n"), "singleton_enclaves must be true or false");
  EXPECT_SAYS(body("security: []\n"), "security must be a mapping");
}

TEST(ReadSession, PlaceholdersNameSecretsAndTheirFormats) {
  EXPECT_EQ(placeholder("kind: binary", "$$SCONE::x:base32$$$$SCONE::x:hex|escape(json)$$"), "ok");
  EXPECT_EQ(
      placeholder("import: {session: o}", "$$SCONE::x:chain$$$$SCONE::x.key$$$$SCONE::x:publickey:asciiarmored$$"),
      "ok");
  EXPECT_SAYS(placeholder("import: {session: o}", "$$SCONE::x:no$$"), "no kind of secret has it");
  EXPECT_SAYS(placeholder("kind: ascii", "a $$SCONE::y$$"), "4:61: no secret y in this session");
  EXPECT_SAYS(placeholder("kind: ascii", "$$SCONE::x:hex$$"),
              "secret x has no format as in $$SCONE::x:hex$$ (formats of ascii: none)");
  EXPECT_SAYS(placeholder("kind: x509, private_key: k", "$$SCONE::x:pkcs12-with-private-key$$", "0.3.8"),
              "write `version: 0.3.9`");
  EXPECT_SAYS(placeholder("kind: binary", "$$SCONE::x:base64$$", "0.3.5"), "write `version: 0.3.6`");
  EXPECT_SAYS(placeholder("kind: binary", "$$SCONE::x:hex$$", "0.3.4"), "write `version: 0.3.5`");
  EXPECT_SAYS(placeholder("kind: ascii", "$$SCONE::x"), "a placeholder without its end");
  EXPECT_SAYS(placeholder("kind: config-fragment, value: 1", "$$SCONE::x$$"), "stands for a whole value");
  // The place in a block of text is that of the placeholder, also of the second of two.
  EXPECT_SAYS(
      body("images:\n- name: i\n  injection_files:\n  - path: /f\n    content: |\n      one\n      two $$SCONE::y$$\n"),
      "9:11: no secret y");
  Report report;
  read_session(
      "name: s\nversion: 0.3\nservices: [{name: w, mrenclaves: [" + kHash + "], pwd: $$SCONE::y$$-$$SCONE::y$$}]\n",
      &report);
  ASSERT_EQ(report.problems.size(), 2u);
  EXPECT_EQ(report.problems[1].place.column - report.problems[0].place.column, 13);
}
TEST(ReadSession, WarnsOfWhatStaysAsItIsWritten) {
  const std::string taken = "takes no placeholder";
  EXPECT_SAYS(body("images: [{name: $$SCONE::x$$}]\n"), taken);
  EXPECT_SAYS(service("  environment: {$$SCONE::x$$: y}\n"), taken);
  EXPECT_SAYS(body("images: [{name: i, injection_files: [{path: /$$SCONE::x$$, content: ''}]}]\n"), taken);
  EXPECT_SAYS(secret("kind: x509, private_key: key, common_name: $$SCONE::x$$"), taken);
  EXPECT_SAYS(service("  environment: {'@@HOST': ''}\n"), "write \\@\\@HOST for the host's");
  EXPECT_SAYS(service("  environment: {'\\@\\@HOST': given}\n"), "means nothing");
  EXPECT_EQ(service("  environment: {'\\@\\@HOST': ''}\n"), "ok");
  EXPECT_SAYS(security("{mode: none}"), "4:23: mode none: no enclave is ever given anything");
  EXPECT_SAYS(security("{mode: maa, url: 'https://x', tolerate: [maa-managed-tcb]}"), "4:23: mode maa: no enclave");
  EXPECT_EQ(security("{mode: hardware}"), "ok");
}

TEST(ReadSession, ComplaintsDoNotShowValuesAndAreBounded) {
  std::string many = "name: s\nversion: 0.3\n";
  for (int i = 0; i < 300; ++i) many.append("k").append(std::to_string(i)).append(": 1\n");
  Report report;
  EXPECT_FALSE(read_session(many, &report));
  EXPECT_EQ(report.problems.size(), 100u);
  for (const char* kind : {"binary", "private-key", "public-key", "x509"})
    EXPECT_EQ(secret(std::string("kind: ") + kind + ", private_key: key, value: hunter2").find("hunter2"),
              std::string::npos);
}
// CAS reads what strangers send: each of these took minutes, or gave hundreds of megabytes of complaints, where nothing
// was limited.
TEST(ReadSession, LargeTextsAreRefusedInFewWords) {
  const auto filled = [](std::string text, const auto& line, std::size_t count = kSize) {
    for (std::size_t i = 0; i < count && text.size() < kSize; ++i) text += line(std::to_string(i));
    return text;
  };
  const std::string head = "name: s\nversion: 0.3\n";
  const auto services = [](const std::string& i) { return "- {name: s" + i + ", command: x}\n"; };
  const auto chain = [](const std::string& i) {
    return "- {name: s" + i + ", kind: x509-ca, private_key: k, issuer: s" + std::to_string(std::stoul(i) + 1) + "}\n";
  };
  const auto padding = std::string(kSize / 2, 'x');
  const std::pair<const char*, std::string> kTexts[] = {
      {"more than 16384 values", filled(head + "services:\n", services)},
      {"has no attestation", filled(head + "services:\n", services, 3000)},
      {"more than 16384 values", filled(head + "z: [", [](const std::string&) { return std::string("a,"); }) + "]\n"},
      {"URL of more than 4096 bytes",
       filled(head + "secrets:\n- {name: s, import: \"/", [](const std::string& i) { return "k" + i + "=1,"; }) +
           "\"}\n"},
      {"no secret", filled(head + "secrets:\n", chain, 1500)},
      {"more than 2048 placeholders",
       filled(
           head + "secrets: [{name: a, kind: ascii}]\nservices:\n- name: w\n  mrenclaves: [" + kHash + "]\n  pwd: \"",
           [](const std::string&) { return std::string("$$SCONE::a$$"); }) +
           "\"\n"},
      {"no secret y",
       filled(
           head + "services:\n- name: w\n  mrenclaves: [" + kHash + "]\n  pwd: \"" + padding,
           [](const std::string&) { return std::string("$$SCONE::y$$"); }, 2048) +
           "\"\nsecrets:\n" +
           filled(
               "", [](const std::string& i) { return "- {name: s" + i + std::string(100, 'n') + ", kind: ascii}\n"; },
               3000)},
  };
  for (const auto& [complaint, text] : kTexts) {
    Report report;
    EXPECT_FALSE(read_session(text, &report)) << complaint;
    std::size_t size = 0;
    std::string all;
    for (const yaml::Problem& problem : report.problems) {
      size += problem.what.size() + problem.hint.size();
      all += problem.what + '\n';
    }
    EXPECT_NE(all.find(complaint), std::string::npos) << complaint << " is not in " << all.substr(0, 300);
    EXPECT_LT(size, 500'000u) << complaint;
  }
}
}  // namespace cloister::session
