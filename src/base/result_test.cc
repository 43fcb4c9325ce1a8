// SPDX-License-Identifier: Apache-2.0
#include "src/base/result.h"
#include <gtest/gtest.h>
#include <memory>

namespace cloister {
namespace {
Result<int> positive(int x) {
  if (x < 0) return Error::from_errno(22, "negative");
  return x;
}
Result<int> twice(int x) { return TRY(positive(TRY(positive(x)))) * 2; }
Result<void> only_positive(int x) {
  TRY(positive(x));
  return {};
}
Result<std::unique_ptr<int>> boxed(int x) { return std::make_unique<int>(TRY(positive(x))); }
}  // namespace

TEST(Result, TryPassesValuesAndErrors) {
  EXPECT_EQ(twice(4).value(), 8);
  EXPECT_EQ(twice(-1).error().errno_value(), 22);
  EXPECT_TRUE(only_positive(1).ok());
  EXPECT_FALSE(only_positive(-1).ok());
  EXPECT_EQ(*boxed(3).value(), 3);
}
}  // namespace cloister
