// SPDX-License-Identifier: Apache-2.0
#include "src/cas/session_secrets.h"
#include <gtest/gtest.h>
#include <chrono>
#include "src/cas/secret_sharing.h"
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/secrets/material_for_test.h"
#include "src/cas/secrets/pem_text.h"
#include "src/session/secret_limits.h"

namespace cloister::cas {
namespace {
using session::Encoding;
using session::Kind;
using session::Secret;
using session::Session;

class SessionSecrets : public testing::Test {
 protected:
  static Secret key(const char* name) { return secret_of(Kind::private_key, name); }
  static Secret certificate(Kind kind, const char* name, std::string key_name, std::string issuer = {}) {
    Secret secret = secret_of(kind, name);
    secret.private_key = std::move(key_name);
    secret.issuer = std::move(issuer);
    return secret;
  }
  static Secret import(const char* name, Kind kind = Kind::unknown) {
    Secret secret = secret_of(kind, name);
    session::Peer from;
    from.name = "owner";
    secret.import = session::Import{std::move(from), name};
    return secret;
  }
  static void export_to(Secret& secret, const char* name) {
    session::Peer peer;
    peer.name = name;
    secret.exports.push_back(std::move(peer));
  }
  static Session with(std::vector<Secret> secrets, const char* name = "owner") {
    Session session;
    session.name = name;
    session.secrets = std::move(secrets);
    return session;
  }
  Result<Materials> try_make(Session& session, const PreviousVersion* previous = nullptr) {
    problem = {};
    return make_session_secrets(session, {.previous = previous, .import = lookup, .now = kTestNow}, &problem);
  }
  Materials make(Session& session, const PreviousVersion* previous = nullptr) {
    auto made = try_make(session, previous);
    EXPECT_EQ(problem.what, "");
    return made.ok() ? std::move(made).take() : Materials{};
  }
  std::string refusal(Session session) {
    const auto made = try_make(session);
    return made.ok() ? "" : problem.what;
  }
  static std::optional<std::uint32_t> path_length_of(const SecretMaterial& material) {
    return path_length(*must(certificate_from_der(material.value)));
  }

  ImportLookup lookup = [](const Secret&) -> Result<SecretMaterial> { return Error(Errc::invalid, "nothing there"); };
  yaml::Problem problem;
};

TEST_F(SessionSecrets, OrderFollowsDependencies) {
  // Written the wrong way round.
  Session session = with({certificate(Kind::x509, "leaf", "leaf-key", "ca"), certificate(Kind::x509_ca, "ca", "ca-key"),
                          key("leaf-key"), key("ca-key")});
  const Materials materials = make(session);
  ASSERT_EQ(materials.size(), 4u);
  EXPECT_EQ(materials.at("leaf").chain, std::vector<SecretBytes>{materials.at("ca").value});
  EXPECT_EQ(materials.at("leaf").private_key, materials.at("leaf-key").value);
}

TEST_F(SessionSecrets, CirclesAndMissingNames) {
  EXPECT_EQ(refusal(with({certificate(Kind::x509_ca, "a", "k", "b"), certificate(Kind::x509_ca, "b", "k", "c"),
                          certificate(Kind::x509_ca, "c", "k", "a"), key("k")})),
            "secret a: secrets need each other in a circle: a needs b needs c needs a");
  EXPECT_EQ(refusal(with({certificate(Kind::x509_ca, "a", "k", "a"), key("k")})),
            "secret a: secrets need each other in a circle: a needs a");
  EXPECT_EQ(refusal(with({certificate(Kind::x509, "a", "k")})),
            "secret a: its private_key k is no secret of this session");
  EXPECT_EQ(refusal(with({certificate(Kind::x509, "a", "k", "ca"), key("k")})),
            "secret a: its issuer ca is no secret of this session");
  EXPECT_EQ(refusal(with({certificate(Kind::x509, "a", "t"), secret_of(Kind::ascii, "t")})),
            "secret a: its private_key is no secret of kind private-key");
  std::vector<Secret> chain{key("k"), certificate(Kind::x509_ca, "0", "k")};
  for (int i = 1; i < 40; ++i)
    chain.push_back(certificate(Kind::x509_ca, std::to_string(i).c_str(), "k", std::to_string(i - 1)));
  std::swap(chain[1], chain.back());
  EXPECT_NE(refusal(with(chain)).find("longer than 16"), std::string::npos);
}

TEST_F(SessionSecrets, AuthoritiesAllowWhatTheSessionHasBelow) {
  Session session =
      with({key("k"), certificate(Kind::x509_ca, "root", "k"), certificate(Kind::x509_ca, "middle", "k", "root"),
            certificate(Kind::x509_ca, "low", "k", "middle"), certificate(Kind::x509, "leaf", "k", "root")});
  Materials materials = make(session);
  EXPECT_EQ(path_length_of(materials.at("root")), 2u);
  EXPECT_EQ(path_length_of(materials.at("middle")), 1u);
  EXPECT_EQ(path_length_of(materials.at("low")), 0u);
  EXPECT_EQ(path_length_of(materials.at("leaf")), std::nullopt);
  // The certificate alone gives nobody the means to issue with it.
  export_to(session.secrets[2], "friend");
  materials = make(session);
  EXPECT_EQ(path_length_of(materials.at("middle")), 1u);
  export_to(session.secrets[0], "friend");
  materials = make(session);
  EXPECT_EQ(path_length_of(materials.at("middle")), std::nullopt);
  EXPECT_EQ(path_length_of(materials.at("root")), std::nullopt);
  EXPECT_EQ(path_length_of(materials.at("low")), 0u);
}

TEST_F(SessionSecrets, WhatAnUpdateKeeps) {
  Secret kept_key = key("kept-key"), new_key = key("new-key");
  kept_key.migrate = true;
  Session before =
      with({secret_of(Kind::ascii, "text"), secret_of(Kind::binary, "bytes"), secret_of(Kind::ascii, "resized"),
            secret_of(Kind::ascii, "rekinded"), kept_key, new_key, certificate(Kind::x509, "leaf", "kept-key")});
  const Materials old = make(before);
  Session now = before;
  now.secrets[2].size = 30;
  now.secrets[3].kind = Kind::binary;
  now.secrets[5].migrate = true;  // both must say so
  const PreviousVersion previous{before, old};
  const Materials fresh = make(now, &previous);
  EXPECT_EQ(fresh.at("text"), old.at("text"));
  EXPECT_EQ(fresh.at("bytes"), old.at("bytes"));
  EXPECT_EQ(fresh.at("kept-key"), old.at("kept-key"));
  EXPECT_EQ(fresh.at("resized").value.size(), 30u);
  EXPECT_EQ(fresh.at("rekinded").kind, Kind::binary);
  EXPECT_NE(fresh.at("new-key"), old.at("new-key"));
  EXPECT_NE(fresh.at("leaf").value, old.at("leaf").value);
  EXPECT_EQ(fresh.at("leaf").private_key, old.at("leaf").private_key);
}

TEST_F(SessionSecrets, ImportsGiveTheirKind) {
  lookup = [](const Secret& secret) -> Result<SecretMaterial> {
    return made(stated(Kind::ascii, "of " + secret.name));
  };
  Session session = with({import("a"), import("b", Kind::ascii)}, "friend");
  const Materials materials = make(session);
  EXPECT_EQ(text(materials.at("a"), Encoding::text), "of a");
  EXPECT_EQ(session.secrets[0].kind, Kind::ascii);
  EXPECT_EQ(refusal(with({import("a", Kind::binary)}, "friend")),
            "secret a: import of a of session owner: it is of kind ascii");
  lookup = [](const Secret&) -> Result<SecretMaterial> { return Error(Errc::invalid, "not for you"); };
  EXPECT_EQ(refusal(with({import("a")}, "friend")), "secret a: import of a of session owner: not for you");
}

TEST_F(SessionSecrets, IssuingWithAnImportedAuthority) {
  Session owner = with({key("ca-key"), certificate(Kind::x509_ca, "ca", "ca-key")});
  const Materials of_owner = make(owner);
  lookup = [&](const Secret& secret) { return Result<SecretMaterial>(of_owner.at(secret.name)); };
  Session both = with({import("ca"), import("ca-key"), key("k"), certificate(Kind::x509, "leaf", "k", "ca")}, "friend");
  both.secrets[0].private_key = "ca-key";
  EXPECT_EQ(make(both).at("leaf").chain, std::vector<SecretBytes>{of_owner.at("ca").value});
  lookup = [&](const Secret& secret) {
    SecretMaterial material = of_owner.at(secret.name);
    material.private_key.clear();
    return Result<SecretMaterial>(std::move(material));
  };
  EXPECT_EQ(make(both).at("leaf").chain, std::vector<SecretBytes>{of_owner.at("ca").value});
  EXPECT_NE(refusal(with({import("ca"), key("k"), certificate(Kind::x509, "leaf", "k", "ca")}, "friend"))
                .find("private key is not here"),
            std::string::npos);
  both.secrets[0].private_key = "k";
  EXPECT_EQ(refusal(both), "secret ca: its private_key is not the certificate's");
}

TEST_F(SessionSecrets, ErrorsHaveNoValues) {
  Session session =
      with({stated(Kind::private_key, "hidden-value"), stated(Kind::binary, "hidden-value"),
            stated(Kind::x509, "hidden-value"), stated(Kind::ascii, std::string_view("hidden\0value", 12))});
  for (const Secret& secret : session.secrets) {
    const std::string what = refusal(with({secret}));
    EXPECT_NE(what, "");
    EXPECT_EQ((what + problem.hint).find("hidden"), std::string::npos) << what;
  }
}

// The rest of the limits is the language's (read_session_test.cc): what a stated key is shows in real ones alone.
TEST_F(SessionSecrets, StatedRsaKeysCountAsGeneratedOnesDo) {
  const auto stated_key = [](session::KeyType type) {
    const SecretBytes pem = must(write_pem("PRIVATE KEY", must(private_key_der(*must(generate_key(type))))));
    return stated(Kind::private_key, text_of(pem));
  };
  std::vector<Secret> secrets(session::kRsaKeyLimit - 1, key("k"));
  for (Secret& secret : secrets) secret.key_type = session::KeyType::rsa2048;
  for (const auto type : {session::KeyType::p256, session::KeyType::p384, session::KeyType::ed25519})
    secrets.push_back(stated_key(type));
  secrets.push_back(stated_key(session::KeyType::rsa2048));
  EXPECT_FALSE(session::beyond_limits(with(secrets)));
  secrets.push_back(secrets.back());
  secrets.back().name = "another";
  const auto beyond = session::beyond_limits(with(secrets));
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->what,
            "secret another: the session has more than 8 private keys of RSA that are stated or generated");
}

class Sharing : public SessionSecrets {
 protected:
  Sharing()
      : owner(with({key("k"), certificate(Kind::x509, "leaf", "k"), secret_of(Kind::ascii, "text"),
                    certificate(Kind::x509, "own", "")})),
        materials(make(owner)) {}
  Result<SecretMaterial> ask(const char* object, std::string_view importer = "friend",
                             session::Hash importer_hash = {2}) {
    wanted.object = object;
    return shared_secret({owner, {1}, materials}, wanted, {importer, importer_hash});
  }
  Session owner;
  Materials materials;
  session::Import wanted = *import("x").import;
};

TEST_F(Sharing, OnlyToThoseNamed) {
  EXPECT_FALSE(ask("text").ok());
  export_to(owner.secrets[2], "friend");
  EXPECT_EQ(must(ask("text")), materials.at("text"));
  EXPECT_FALSE(ask("text", "friend/below").ok());
  EXPECT_FALSE(ask("text", "frien").ok());
  EXPECT_EQ(cause(ask("nothing")), cause(ask("leaf")));
  owner.secrets[2].exports[0].hash = session::Hash{2};
  EXPECT_TRUE(ask("text").ok());
  EXPECT_FALSE(ask("text", "friend", {3}).ok());
  wanted.from.hash = session::Hash{1};
  EXPECT_TRUE(ask("text").ok());
  wanted.from.hash = session::Hash{9};
  EXPECT_NE(cause(ask("text")).find("session_hash"), std::string::npos);
  wanted.from.hash.reset();
  wanted.from.name = "other";
  EXPECT_FALSE(ask("text").ok());
  wanted.from.name = "owner";
  owner.secrets[2].exports[0].remote = session::RemoteCas{};
  EXPECT_FALSE(ask("text").ok());
  owner.secrets[2].exports[0].remote.reset();
  owner.secrets[2].exports[0].is_namespace = true;
  EXPECT_FALSE(ask("text").ok());
}

TEST_F(Sharing, KeysFollowTheirOwnExport) {
  export_to(owner.secrets[1], "friend");
  export_to(owner.secrets[3], "friend");
  EXPECT_TRUE(must(ask("leaf")).private_key.empty());
  EXPECT_EQ(must(ask("leaf")).value, materials.at("leaf").value);
  EXPECT_EQ(must(ask("own")), materials.at("own"));
  export_to(owner.secrets[0], "stranger");
  EXPECT_TRUE(must(ask("leaf")).private_key.empty());
  export_to(owner.secrets[0], "friend");
  EXPECT_EQ(must(ask("leaf")), materials.at("leaf"));
  owner.secrets[3].import = wanted;  // an imported certificate's key is not ours to give
  EXPECT_TRUE(must(ask("own")).private_key.empty());
}

TEST_F(Sharing, PublicPartsOnly) {
  EXPECT_FALSE(public_secret(owner.secrets[0], materials.at("k")).ok());
  for (Secret& secret : owner.secrets) secret.export_public = true;
  const SecretMaterial shown_key = must(public_secret(owner.secrets[0], materials.at("k")));
  EXPECT_EQ(shown_key.kind, Kind::public_key);
  EXPECT_FALSE(encode(shown_key, Encoding::private_key_der).ok());
  const SecretMaterial shown_leaf = must(public_secret(owner.secrets[1], materials.at("leaf")));
  EXPECT_EQ(shown_leaf.value, materials.at("leaf").value);
  EXPECT_TRUE(shown_leaf.private_key.empty());
  EXPECT_EQ(must(public_secret(owner.secrets[2], materials.at("text"))), materials.at("text"));
}

}  // namespace
}  // namespace cloister::cas
