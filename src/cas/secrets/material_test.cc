// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <algorithm>
#include <set>
#include "src/cas/secrets/keys.h"
#include "src/cas/secrets/material_for_test.h"
#include "src/cas/secrets/openssl_command_for_test.h"
#include "src/cas/secrets/pem_text.h"
#include "src/cas/secrets/random.h"
#include "src/cas/secrets/text_encoding.h"

namespace cloister::cas {
namespace {
using session::Encoding;
using session::KeyType;
using session::Kind;

std::string shown(const SecretBytes& bytes) { return std::string(text_of(bytes)); }

TEST(Secrets, TextsAreOfTheAlphabetAndFair) {
  constexpr std::size_t kCount = 62 * 2000;
  const SecretBytes text = must(random_text(kCount));
  ASSERT_EQ(text.size(), kCount);
  std::map<char, int> counts;
  for (const char c : text) ++counts[c];
  EXPECT_EQ(counts.size(), kSecretAlphabet.size());
  // Chi-squared with 61 degrees of freedom: above 130 once in a million runs. A choice by remainder gives about 700.
  double chi_squared = 0;
  for (const auto& [c, count] : counts) {
    EXPECT_NE(kSecretAlphabet.find(c), std::string_view::npos);
    chi_squared += (count - 2000.0) * (count - 2000.0) / 2000.0;
  }
  EXPECT_LT(chi_squared, 130);
}

TEST(Secrets, GeneratedValuesHaveTheirSizeAndDiffer) {
  for (const Kind kind : {Kind::ascii, Kind::binary}) {
    session::Secret secret = secret_of(kind);
    EXPECT_EQ(made(secret).value.size(), 20u);
    secret.size = 33;
    EXPECT_EQ(made(secret).value.size(), 33u);
    EXPECT_NE(made(secret).value, made(secret).value);
  }
}

TEST(Secrets, StatedValues) {
  EXPECT_EQ(shown(made(stated(Kind::ascii, "p\"a\nss")).value), "p\"a\nss");
  EXPECT_EQ(shown(made(stated(Kind::ascii, "")).value), "");
  EXPECT_EQ(made(stated(Kind::binary, "00ff7F")).value, (SecretBytes{0, 0xff, 0x7f}));
  EXPECT_NE(cause(make_material(stated(Kind::ascii, std::string_view("a\0b", 3)), {})).find("NUL"), std::string::npos);
  EXPECT_NE(cause(make_material(stated(Kind::binary, "0g"), {})).find("no hexadecimal"), std::string::npos);
  EXPECT_NE(cause(make_material(stated(Kind::binary, "123"), {})).find("odd"), std::string::npos);
  EXPECT_NE(cause(make_material(secret_of(Kind::pgp_key), {})).find("not served"), std::string::npos);
}

// RFC 4648, section 10, and a value whose two alphabets differ.
TEST(Secrets, TextEncodings) {
  const std::tuple<const char*, const char*, const char*> kVectors[] = {{"", "", ""},
                                                                        {"f", "Zg==", "MY======"},
                                                                        {"fo", "Zm8=", "MZXQ===="},
                                                                        {"foo", "Zm9v", "MZXW6==="},
                                                                        {"foob", "Zm9vYg==", "MZXW6YQ="},
                                                                        {"fooba", "Zm9vYmE=", "MZXW6YTB"},
                                                                        {"foobar", "Zm9vYmFy", "MZXW6YTBOI======"}};
  for (const auto& [plain, in64, in32] : kVectors) {
    const SecretBytes bytes = secret_from(plain);
    EXPECT_EQ(shown(base64_text(bytes, Base64Alphabet::standard)), in64);
    EXPECT_EQ(shown(base32_text(bytes, Padding::kept)), in32);
    std::string unpadded = in32;
    unpadded.erase(std::min(unpadded.find('='), unpadded.size()));
    EXPECT_EQ(shown(base32_text(bytes, Padding::omitted)), unpadded);
    EXPECT_EQ(must(bytes_of_hex(text_of(hex_text(bytes)))), bytes);
  }
  const SecretBytes bytes{0xfb, 0xff, 0xfe};
  EXPECT_EQ(shown(base64_text(bytes, Base64Alphabet::standard)), "+//+");
  EXPECT_EQ(shown(base64_text(bytes, Base64Alphabet::url)), "-__-");
  EXPECT_EQ(shown(hex_text(bytes)), "fbfffe");
}

TEST(Secrets, KeysOfEveryType) {
  if (!have_openssl_command()) GTEST_SKIP() << "SKIPPED: no openssl command";
  const std::pair<KeyType, const char*> kTypes[] = {{KeyType::p256, "prime256v1"},
                                                    {KeyType::p384, "secp384r1"},
                                                    {KeyType::ed25519, "ED25519"},
                                                    {KeyType::rsa2048, "2048 bit"},
                                                    {KeyType::rsa3072, "3072 bit"}};
  const OpensslCommand openssl;
  for (const auto& [type, shown_as] : kTypes) {
    session::Secret secret = secret_of(Kind::private_key);
    secret.key_type = type;
    const SecretMaterial key = made(secret);
    openssl.write("key.pem", text(key, Encoding::private_key_pem));
    openssl.write("key.der", text(key, Encoding::private_key_der));
    const auto from_pem = openssl.run("pkey -in key.pem -text -noout -check");
    EXPECT_EQ(from_pem.status, 0) << from_pem.text;
    EXPECT_NE(from_pem.text.find(shown_as), std::string::npos) << from_pem.text;
    EXPECT_EQ(openssl.run("pkey -inform DER -in key.der -out again.pem && cmp key.pem again.pem").status, 0);
    // Stated, it is the same key.
    EXPECT_EQ(made(stated(Kind::private_key, text(key, Encoding::private_key_pem))), key);
    session::Secret derived = secret_of(Kind::public_key);
    derived.private_key = kNamedKey;
    const SecretMaterial public_key = made(derived, {.private_key = &key});
    EXPECT_EQ(openssl.run("pkey -in key.pem -pubout").text, text(public_key, Encoding::public_key_pem));
    EXPECT_EQ(made(stated(Kind::public_key, text(public_key, Encoding::public_key_pem))), public_key);
  }
}

TEST(Secrets, WhatIsNoKey) {
  if (!have_openssl_command()) GTEST_SKIP() << "SKIPPED: no openssl command";
  const OpensslCommand openssl;
  const auto refusal = [](Kind kind, std::string_view pem) { return cause(make_material(stated(kind, pem), {})); };
  const auto pem_of = [&](const std::string& arguments) { return openssl.run(arguments).text; };
  EXPECT_NE(refusal(Kind::private_key, "no key").find("no PEM block"), std::string::npos);
  EXPECT_NE(refusal(Kind::private_key, "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n").find("broken"),
            std::string::npos);
  EXPECT_NE(
      refusal(Kind::private_key, pem_of("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -quiet")).find("2048"),
      std::string::npos);
  EXPECT_NE(refusal(Kind::private_key, pem_of("genpkey -algorithm X25519")).find("another type"), std::string::npos);
  EXPECT_NE(
      refusal(Kind::private_key, pem_of("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521")).find("another"),
      std::string::npos);
  EXPECT_NE(refusal(Kind::private_key, pem_of("ecparam -name prime256v1 -genkey -noout")).find("PKCS#8"),
            std::string::npos);
  const std::string good = pem_of("genpkey -algorithm ED25519");
  EXPECT_EQ(refusal(Kind::private_key, good), "");
  EXPECT_NE(refusal(Kind::private_key, good + good).find("more than one"), std::string::npos);
  EXPECT_NE(refusal(Kind::public_key, good).find("SubjectPublicKeyInfo"), std::string::npos);
  openssl.write("key.pem", good);
  EXPECT_NE(refusal(Kind::private_key, pem_of("pkey -in key.pem -aes128 -passout pass:x")).find("PKCS#8"),
            std::string::npos);
}

// Checked where the key comes from somebody's text, and not again each time it is used.
TEST(Secrets, StatedKeysFitTheirPublicPart) {
  const KeyPointer one = must(generate_key(session::KeyType::p256)), other = must(generate_key(session::KeyType::p256));
  SecretBytes mixed = must(private_key_der(*one));
  const SecretBytes foreign = must(private_key_der(*other));
  ASSERT_EQ(mixed.size(), foreign.size());
  std::copy(foreign.end() - 64, foreign.end(), mixed.end() - 64);  // the public point stands last
  const SecretBytes good = must(write_pem("PRIVATE KEY", foreign)), bad = must(write_pem("PRIVATE KEY", mixed));
  EXPECT_EQ(cause(make_material(stated(Kind::private_key, text_of(good)), {})), "");
  EXPECT_EQ(cause(make_material(stated(Kind::private_key, text_of(bad)), {})),
            "the private key does not fit its own public part");
}

// Every form that the language has for the kinds that are served is made, and no other.
TEST(Secrets, EveryFormOfTheLanguage) {
  const SecretMaterial key = made(secret_of(Kind::private_key));
  session::Secret certified = secret_of(Kind::x509);
  certified.private_key = kNamedKey;
  session::Secret authority = secret_of(Kind::x509_ca);
  authority.private_key = kNamedKey;
  std::map<Kind, SecretMaterial> of_kind;
  of_kind[Kind::ascii] = made(secret_of(Kind::ascii));
  of_kind[Kind::binary] = made(secret_of(Kind::binary));
  of_kind[Kind::private_key] = key;
  of_kind[Kind::public_key] = made(secret_of(Kind::public_key), {.private_key = &key});
  of_kind[Kind::x509] = made(certified, {.private_key = &key});
  of_kind[Kind::x509_ca] = made(authority, {.private_key = &key});
  std::set<std::pair<Kind, Encoding>> of_the_language;
  for (const session::Format& format : session::formats()) of_the_language.emplace(format.kind, format.encoding);
  for (const auto& [kind, material] : of_kind)
    for (int number = 0; number <= static_cast<int>(Encoding::pgp_public_base64); ++number) {
      const auto encoding = static_cast<Encoding>(number);
      EXPECT_EQ(encode(material, encoding).ok(), of_the_language.contains({kind, encoding}))
          << text_of(kind) << " " << number << " " << cause(encode(material, encoding));
    }
}

TEST(Secrets, EncodingRoundTrip) {
  Materials materials;
  const SecretMaterial key = made(secret_of(Kind::private_key));
  materials["k"] = key;
  materials["ca"] = made(secret_of(Kind::x509_ca));
  materials["leaf"] = made(secret_of(Kind::x509), {.issuer = &materials["ca"]});
  materials["text"] = made(stated(Kind::ascii, ""));
  const SecretBytes bytes = encode(materials);
  EXPECT_EQ(must(decode_materials(bytes)), materials);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_materials(Bytes(bytes).first(size)).ok()) << size;
  SecretBytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode_materials(longer).ok());
}

// version 1, two names: "a" is text "x", "b" two bytes.
TEST(Secrets, EncodingOfKnownBytes) {
  Materials materials;
  materials["a"] = made(stated(Kind::ascii, "x"));
  materials["b"] = made(stated(Kind::binary, "0102"));
  EXPECT_EQ(shown(hex_text(encode(materials))),
            "0102000000"
            "0100000061"
            "0f000000"
            "0101"
            "0100000078"
            "00000000"
            "00000000"
            "0100000062"
            "10000000"
            "0102"
            "020000000102"
            "00000000"
            "00000000");
}

TEST(Secrets, OnlyOneEncoding) {
  Materials materials;
  materials["a"] = made(stated(Kind::ascii, "x"));
  materials["b"] = made(stated(Kind::ascii, "y"));
  SecretBytes swapped = encode(materials);
  swapped[9] = 'b';
  swapped[swapped.size() - 20] = 'a';
  ASSERT_EQ(swapped.size(), encode(materials).size());
  EXPECT_FALSE(decode_materials(swapped).ok());
  SecretMaterial with_key = made(stated(Kind::ascii, "x"));
  with_key.private_key = {1};
  EXPECT_FALSE(decode_material(encode(with_key)).ok());
  with_key.private_key.clear();
  with_key.kind = Kind::jwt;
  EXPECT_FALSE(decode_material(encode(with_key)).ok());
}

}  // namespace
}  // namespace cloister::cas
