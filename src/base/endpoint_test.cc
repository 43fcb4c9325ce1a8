// SPDX-License-Identifier: Apache-2.0
#include "src/base/endpoint.h"
#include <gtest/gtest.h>

namespace cloister {
TEST(Endpoint, NumericAddressesOnly) {
  for (const char* text : {"127.0.0.1:18766", "[::1]:18766", "0.0.0.0:0", "[2001:db8::5]:65535"}) {
    const auto parsed = parse_endpoint(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(to_text(parsed.value()), text);
  }
  for (const char* text : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:1x", "127.0.0.1: 1",
                           "127.0.0.1:-1", "127.0.0.1:+1", "localhost:1", "::1:1", "[::1]", "[::1:1", "[127.0.0.1]:1",
                           "127.1:1", "127.0.0.1:1 ", " 127.0.0.1:1"})
    EXPECT_FALSE(parse_endpoint(text).ok()) << text;
}

TEST(Endpoint, BytesAreInNetworkOrder) {
  const auto v4 = parse_endpoint("1.2.3.4:5").take();
  EXPECT_EQ(v4, (Endpoint{.is_v6 = false, .address = {1, 2, 3, 4}, .port = 5}));
  EXPECT_EQ(parse_endpoint("[::1]:5").take().address[15], 1);
}
}  // namespace cloister
