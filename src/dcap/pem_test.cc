// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/pem.h"
#include <gtest/gtest.h>

namespace cloister::dcap {
namespace {
bool parses(const std::string& text) { return parse_pem(text, "CERTIFICATE", 2).ok(); }
std::string block(const std::string& body) {
  std::string text = "-----BEGIN CERTIFICATE-----\n";
  text += body;
  text += "-----END CERTIFICATE-----\n";
  return text;
}
}  // namespace

TEST(Pem, RoundTripOfEverySize) {
  OwnedBytes bytes;
  for (std::size_t size = 1; size < 200; ++size) {
    bytes.push_back(static_cast<std::uint8_t>(size * 37));
    const auto blocks = parse_pem(to_pem(bytes, "CERTIFICATE"), "CERTIFICATE", 1);
    ASSERT_TRUE(blocks.ok()) << size;
    EXPECT_EQ(blocks.value()[0], bytes);
  }
}

TEST(Pem, WhatCertificatesLookLike) {
  EXPECT_TRUE(parses(block("AAAA\n")));
  EXPECT_TRUE(parses(block("AA==\n")));
  EXPECT_TRUE(parses(block("AAAA\n") + "\n" + block("AAAA\n") + std::string(3, '\0')));
  EXPECT_TRUE(parses("-----BEGIN CERTIFICATE-----\r\nAAAA\r\n-----END CERTIFICATE-----\r\n"));
  EXPECT_TRUE(parses("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"));
  EXPECT_TRUE(parses(block(std::string(64, 'A') + "\nAAAA\n")));
  EXPECT_TRUE(parses(block(std::string(76, 'A') + "\n" + std::string(76, 'B') + "\nAAAA\n")));
}

TEST(Pem, NothingElse) {
  EXPECT_FALSE(parses(""));
  EXPECT_FALSE(parses(block("") + "x"));
  EXPECT_FALSE(parses(block("AAA\n")));
  EXPECT_FALSE(parses(block("AA=A\n")));
  EXPECT_FALSE(parses(block("A===\n")));
  EXPECT_FALSE(parses(block("AB==\n")));  // unused bits that are set
  EXPECT_FALSE(parses(block("AA==\nAAAA\n")));
  EXPECT_FALSE(parses(block("AAAA\nAAAAAAAA\n")));  // a short line that is not the last
  EXPECT_FALSE(parses(block("AAAAAAAA\nAAAA\nAAAA\n")));
  EXPECT_FALSE(parses(block("AA*A\n")));
  EXPECT_FALSE(parses(block(" AAAA\n")));
  EXPECT_FALSE(parses(std::string("\n").append(block("AAAA\n"))));
  EXPECT_FALSE(parses(block("AAAA\n") + block("AAAA\n") + block("AAAA\n")));  // more than two
  EXPECT_FALSE(parses("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"));
  EXPECT_FALSE(parses(block("AAAA\n\nAAAA\n")));
}
}  // namespace cloister::dcap
