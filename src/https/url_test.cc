// SPDX-License-Identifier: Apache-2.0
#include "src/https/url.h"
#include <gtest/gtest.h>

namespace cloister::https {

TEST(Url, Parts) {
  const auto plain = Url::parse("https://localhost:8081/sgx/certification/v4");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain.value().host, "localhost");
  EXPECT_EQ(plain.value().port, "8081");
  EXPECT_EQ(plain.value().path, "/sgx/certification/v4");
  EXPECT_EQ(plain.value().text(), "https://localhost:8081/sgx/certification/v4");
  EXPECT_EQ(Url::parse("https://example.org").value().path, "/");
  EXPECT_EQ(Url::parse("https://[::1]:9/x").value().host, "::1");
  EXPECT_EQ(Url::parse("https://[::1]/x").value().text(), "https://[::1]/x");
}

TEST(Url, RefusesOthers) {
  for (const char* text : {"http://example.org", "https://", "https://:8081", "https://a:b", "https://a:", "ftp://x",
                           "", "https://user@example.org", "https://a\r\nX: y"})
    EXPECT_FALSE(Url::parse(text).ok()) << text;
}

TEST(Url, PercentDecoding) {
  EXPECT_EQ(percent_decoded("a%20b%0Ac"), "a b\nc");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%zz%4"), "%zz%4");
  EXPECT_EQ(percent_decoded(""), "");
}

TEST(Url, PercentEncoding) {
  EXPECT_EQ(percent_encoded("shop/web-1.x~_"), "shop/web-1.x~_");
  EXPECT_EQ(percent_encoded("a b?c&d=%"), "a%20b%3fc%26d%3d%25");
  const std::string all = [] {
    std::string text;
    for (int c = 0; c < 256; ++c) text += static_cast<char>(c);
    return text;
  }();
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
}

}  // namespace cloister::https
