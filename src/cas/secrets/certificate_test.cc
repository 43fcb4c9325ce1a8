// SPDX-License-Identifier: Apache-2.0
// What certificates of sessions look like and which chains they make, with the openssl command as judge.
#include <gtest/gtest.h>
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/material_for_test.h"
#include "src/cas/secrets/openssl_command_for_test.h"

namespace cloister::cas {
namespace {
using session::Encoding;
using session::KeyType;
using session::Kind;

constexpr char kAtTestTime[] = " -attime 1790000000 ";

class Certificates : public testing::Test {
 protected:
  void SetUp() override {
    if (!have_openssl_command()) GTEST_SKIP() << "SKIPPED: no openssl command";
  }
  std::string shown(const SecretMaterial& material, const std::string& what = "-text -noout") const {
    openssl_.write("shown.pem", text(material, Encoding::certificate_pem));
    return openssl_.run("x509 -in shown.pem " + what).text;
  }
  // Empty when it verifies below `root`.
  std::string complaint(const SecretMaterial& root, const SecretMaterial& leaf, const std::string& more = "",
                        const std::string& time = kAtTestTime) const {
    openssl_.write("root.pem", text(root, Encoding::certificate_pem));
    openssl_.write("chain.pem", text(leaf, Encoding::chain_pem));
    openssl_.write("leaf.pem", text(leaf, Encoding::certificate_pem));
    const std::string chain = leaf.chain.empty() ? "" : "-untrusted chain.pem ";
    const auto answer = openssl_.run("verify -x509_strict" + time + more + " -CAfile root.pem " + chain + "leaf.pem");
    return answer.status == 0 ? "" : answer.text;
  }
  const OpensslCommand openssl_;
};

TEST_F(Certificates, RootAndServer) {
  const SecretMaterial root = made(secret_of(Kind::x509_ca, "root"), {.path_length = 0});
  session::Secret server = secret_of(Kind::x509, "server");
  server.endpoint = session::Endpoint::server;
  server.names = {{false, "db.example.com"}, {false, "*.api.example.com"}, {true, "192.0.2.7"}, {true, "2001:db8::1"}};
  const SecretMaterial leaf = made(server, {.issuer = &root});
  EXPECT_EQ(complaint(root, leaf, "-purpose sslserver"), "");
  EXPECT_EQ(complaint(root, leaf, "-verify_hostname db.example.com"), "");
  EXPECT_EQ(complaint(root, leaf, "-verify_hostname x.api.example.com"), "");
  EXPECT_EQ(complaint(root, leaf, "-verify_ip 192.0.2.7"), "");
  EXPECT_EQ(complaint(root, leaf, "-verify_ip 2001:db8::1"), "");
  EXPECT_NE(complaint(root, leaf, "-verify_hostname www.example.com"), "");
  EXPECT_NE(complaint(root, leaf, "-purpose sslclient"), "");
  EXPECT_NE(complaint(made(secret_of(Kind::x509_ca, "root")), leaf), "");
  const std::string leaf_text = shown(leaf), root_text = shown(root);
  for (const char* const wanted :
       {"Version: 3", "Issuer: CN = root", "Subject: CN = server", "CA:FALSE", "Digital Signature",
        "TLS Web Server Authentication",
        "DNS:db.example.com, DNS:*.api.example.com, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:1",
        "ecdsa-with-SHA256"})
    EXPECT_NE(leaf_text.find(wanted), std::string::npos) << wanted << "\n" << leaf_text;
  for (const char* const wanted :
       {"CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "Key Usage: critical", "Basic Constraints: critical"})
    EXPECT_NE(root_text.find(wanted), std::string::npos) << wanted << "\n" << root_text;
  EXPECT_EQ(leaf_text.find("Key Encipherment"), std::string::npos);
  EXPECT_EQ(root_text.find("Digital Signature"), std::string::npos);
}

TEST_F(Certificates, ClientAndNone) {
  const SecretMaterial root = made(secret_of(Kind::x509_ca, "root"));
  session::Secret client = secret_of(Kind::x509, "client");
  const SecretMaterial any = made(client, {.issuer = &root});
  EXPECT_EQ(complaint(root, any, "-purpose sslserver"), "");
  EXPECT_EQ(complaint(root, any, "-purpose sslclient"), "");
  EXPECT_EQ(shown(any).find("Extended Key Usage"), std::string::npos);
  client.endpoint = session::Endpoint::client;
  const SecretMaterial leaf = made(client, {.issuer = &root});
  EXPECT_EQ(complaint(root, leaf, "-purpose sslclient"), "");
  EXPECT_NE(complaint(root, leaf, "-purpose sslserver"), "");
}

TEST_F(Certificates, EveryKeyTypeSignsAndIsSigned) {
  for (const KeyType type : {KeyType::p256, KeyType::p384, KeyType::ed25519, KeyType::rsa2048}) {
    session::Secret key = secret_of(Kind::private_key);
    key.key_type = type;
    const SecretMaterial root_key = made(key), leaf_key = made(key);
    session::Secret authority = secret_of(Kind::x509_ca, "root"), end = secret_of(Kind::x509, "leaf");
    for (session::Secret* const secret : {&authority, &end}) secret->private_key = kNamedKey;
    const SecretMaterial root = made(authority, {.private_key = &root_key});
    const SecretMaterial leaf = made(end, {.private_key = &leaf_key, .issuer = &root});
    EXPECT_EQ(leaf.private_key, leaf_key.value);
    EXPECT_EQ(complaint(root, leaf), "") << text_of(type);
    EXPECT_EQ(shown(leaf).find("Key Encipherment") != std::string::npos, type == KeyType::rsa2048);
  }
}

TEST_F(Certificates, ChainsOfAuthorities) {
  const SecretMaterial root = made(secret_of(Kind::x509_ca, "root"), {.path_length = 1});
  const SecretMaterial middle = made(secret_of(Kind::x509_ca, "middle"), {.issuer = &root});
  const SecretMaterial leaf = made(secret_of(Kind::x509, "leaf"), {.issuer = &middle});
  EXPECT_EQ(complaint(root, leaf), "");
  EXPECT_EQ(leaf.chain, (std::vector<SecretBytes>{middle.value, root.value}));
  EXPECT_NE(shown(middle).find("CA:TRUE, pathlen:0"), std::string::npos) << shown(middle);
  EXPECT_EQ(cause(make_material(secret_of(Kind::x509_ca, "low"), {.issuer = &middle, .now = kTestNow})),
            "its issuer's path length allows no authority below it");
  // The order of both forms: nearest first without itself, root first with itself.
  const auto pem = [](const SecretMaterial& m) { return text(m, Encoding::certificate_pem); };
  EXPECT_EQ(text(leaf, Encoding::chain_pem), pem(middle) + pem(root));
  EXPECT_EQ(text(leaf, Encoding::chain_root_first_pem), pem(root) + pem(middle) + pem(leaf));
  EXPECT_EQ(text(root, Encoding::chain_pem), "");
  EXPECT_EQ(text(root, Encoding::chain_root_first_pem), pem(root));
}

TEST_F(Certificates, SelfSignedAndNamesake) {
  const SecretMaterial own = made(secret_of(Kind::x509, "own"));
  EXPECT_EQ(complaint(own, own, "-partial_chain"), "");
  const SecretMaterial root = made(secret_of(Kind::x509_ca, "same")),
                       leaf = made(secret_of(Kind::x509, "same"), {.issuer = &root});
  EXPECT_EQ(complaint(root, leaf), "");
}

TEST_F(Certificates, Dates) {
  session::Secret root_secret = secret_of(Kind::x509_ca, "root"), leaf_secret = secret_of(Kind::x509, "leaf");
  EXPECT_NE(shown(made(root_secret), "-noout -enddate").find("9999"), std::string::npos);
  root_secret.valid_seconds = 10 * 86400;
  leaf_secret.valid_seconds = 2 * 86400;
  const SecretMaterial root = made(root_secret), leaf = made(leaf_secret, {.issuer = &root});
  const auto at = [](dcap::UnixTime time) { return std::string(" -attime ").append(std::to_string(time)).append(" "); };
  EXPECT_EQ(complaint(root, leaf, "", at(kTestNow - kBackdated)), "");
  EXPECT_NE(complaint(root, leaf, "", at(kTestNow - kBackdated - 1)).find("not yet valid"), std::string::npos);
  EXPECT_EQ(complaint(root, leaf, "", at(kTestNow + 2 * 86400 - 1)), "");
  EXPECT_NE(complaint(root, leaf, "", at(kTestNow + 2 * 86400 + 1)).find("expired"), std::string::npos);
  // No longer than its issuer.
  leaf_secret.valid_seconds = 20 * 86400;
  const SecretMaterial longer = made(leaf_secret, {.issuer = &root});
  EXPECT_EQ(shown(longer, "-noout -enddate"), shown(root, "-noout -enddate"));
  const Ingredients late{.issuer = &root, .now = kTestNow + 11 * 86400};
  EXPECT_EQ(cause(make_material(leaf_secret, late)), "its issuer's certificate has expired");
  const Ingredients early{.issuer = &root, .now = kTestNow - 86400};
  EXPECT_EQ(cause(make_material(leaf_secret, early)), "its issuer's certificate is not yet in force");
  leaf_secret.valid_seconds = std::uint64_t{9000} * 366 * 86400;
  EXPECT_NE(cause(make_material(leaf_secret, {.now = kTestNow})).find("9999"), std::string::npos);
}

TEST_F(Certificates, SerialNumbers) {
  const SecretMaterial one = made(secret_of(Kind::x509)), other = made(secret_of(Kind::x509));
  const std::string serial = shown(one, "-noout -serial");
  EXPECT_EQ(serial.size(), std::string("serial=\n").size() + 40) << serial;
  EXPECT_NE(serial, shown(other, "-noout -serial"));
}

TEST_F(Certificates, Pkcs12) {
  const SecretMaterial root = made(secret_of(Kind::x509_ca, "root"));
  const SecretMaterial leaf = made(secret_of(Kind::x509, "leaf"), {.issuer = &root});
  openssl_.write("archive.p12", text(leaf, Encoding::pkcs12));
  EXPECT_NE(openssl_.run("pkcs12 -in archive.p12 -passin pass: -nodes -nocerts")
                .text.find(text(leaf, Encoding::private_key_pem)),
            std::string::npos);
  const std::string certificates = openssl_.run("pkcs12 -in archive.p12 -passin pass: -nokeys").text;
  for (const SecretMaterial* const material : {&root, &leaf})
    EXPECT_NE(certificates.find(text(*material, Encoding::certificate_pem)), std::string::npos);
}

TEST_F(Certificates, Stated) {
  const SecretMaterial root = made(secret_of(Kind::x509_ca, "root"));
  const SecretMaterial key = made(secret_of(Kind::private_key)), other_key = made(secret_of(Kind::private_key));
  session::Secret certified = secret_of(Kind::x509, "leaf");
  certified.private_key = kNamedKey;
  const SecretMaterial leaf = made(certified, {.private_key = &key, .issuer = &root});
  const std::string leaf_pem = text(leaf, Encoding::certificate_pem), root_pem = text(root, Encoding::certificate_pem);
  EXPECT_EQ(made(stated(Kind::x509, leaf_pem), {.private_key = &key, .issuer = &root}), leaf);
  const SecretMaterial alone = made(stated(Kind::x509, leaf_pem));
  EXPECT_TRUE(alone.private_key.empty() && alone.chain.empty());
  EXPECT_EQ(cause(encode(alone, Encoding::private_key_pem)), "the private key of this certificate is not available");
  EXPECT_EQ(made(stated(Kind::x509, leaf_pem + root_pem)).chain, std::vector<SecretBytes>{root.value});
  const auto refusal = [](Kind kind, const std::string& pem, const Ingredients& ingredients = {}) {
    return cause(make_material(stated(kind, pem), ingredients));
  };
  EXPECT_NE(refusal(Kind::x509, root_pem + leaf_pem).find("use kind: x509-ca"), std::string::npos);
  EXPECT_NE(refusal(Kind::x509_ca, leaf_pem).find("use kind: x509"), std::string::npos);
  EXPECT_NE(refusal(Kind::x509, leaf_pem + leaf_pem).find("no chain"), std::string::npos);
  EXPECT_NE(refusal(Kind::x509, leaf_pem, {.private_key = &other_key}).find("not the certificate's"),
            std::string::npos);
  const SecretMaterial stranger = made(secret_of(Kind::x509_ca, "root"));
  EXPECT_NE(refusal(Kind::x509, leaf_pem, {.issuer = &stranger}).find("has not issued"), std::string::npos);
  EXPECT_NE(refusal(Kind::x509, "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n").find("broken"),
            std::string::npos);
  EXPECT_NE(refusal(Kind::x509, leaf_pem + text(key, Encoding::private_key_pem)).find("no certificate"),
            std::string::npos);
}

TEST_F(Certificates, WhoCannotIssue) {
  const SecretMaterial leaf = made(secret_of(Kind::x509, "leaf"));
  const session::Secret wanted = secret_of(Kind::x509);
  EXPECT_NE(cause(make_material(wanted, {.issuer = &leaf, .now = kTestNow})).find("no secret of kind x509-ca"),
            std::string::npos);
  SecretMaterial without_key = made(secret_of(Kind::x509_ca));
  without_key.private_key.clear();
  EXPECT_NE(cause(make_material(wanted, {.issuer = &without_key, .now = kTestNow})).find("private key is not here"),
            std::string::npos);
  SecretMaterial disguised = leaf;
  disguised.kind = Kind::x509_ca;
  EXPECT_EQ(cause(make_material(wanted, {.issuer = &disguised, .now = kTestNow})),
            "its issuer is no certificate authority");
  // An authority that may only sign revocation lists.
  openssl_.write("config",
                 "[req]\ndistinguished_name=n\nx509_extensions=e\nprompt=no\n[n]\nCN=crl\n[e]\nbasicConstraints="
                 "critical,CA:TRUE\nkeyUsage=cRLSign\n");
  openssl_.run(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out crl.pem -config config -days "
      "9999");
  EXPECT_NE(cause(make_material(stated(Kind::x509_ca, openssl_.run("x509 -in crl.pem").text), {})).find("no authority"),
            std::string::npos);
}

TEST_F(Certificates, CommonNames) {
  EXPECT_NE(cause(make_material(secret_of(Kind::x509, std::string(65, 'a')), {})).find("64"), std::string::npos);
  EXPECT_NE(cause(make_material(secret_of(Kind::x509, "\xff"), {})).find("UTF-8"), std::string::npos);
  EXPECT_NE(shown(made(secret_of(Kind::x509, "Größe, O=x")), "-noout -subject -nameopt RFC2253,-esc_msb")
                .find("CN=Größe\\, O=x"),
            std::string::npos);
  session::Secret foreign = secret_of(Kind::x509);
  foreign.names = {{false, "größe.example.com"}};
  EXPECT_NE(cause(make_material(foreign, {})).find("xn--"), std::string::npos);
  foreign.names = {{true, "1.2.3"}};
  EXPECT_NE(cause(make_material(foreign, {})).find("no IP address"), std::string::npos);
}

}  // namespace
}  // namespace cloister::cas
