// SPDX-License-Identifier: Apache-2.0
#include "src/yaml/document.h"
#include <gtest/gtest.h>

namespace cloister::yaml {
namespace {
std::string refusal(const std::string& text) {
  Problem problem;
  const auto value = parse(text, &problem);
  return value.ok() ? "accepted" : text_of(problem, "f");
}
}  // namespace

TEST(YamlDocument, KeepsOrderPlacesAndQuotes) {
  Problem problem;
  const auto value = parse("b: 1\na:\n  - x\n  - \"0o400\"\n", &problem);
  ASSERT_TRUE(value.ok()) << text_of(problem, "f");
  ASSERT_EQ(value.value().keys.size(), 2u);
  EXPECT_EQ(value.value().keys[0], "b");
  const Value& list = value.value().items[1];
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_FALSE(list.items[0].quoted);
  EXPECT_TRUE(list.items[1].quoted);
  EXPECT_EQ(list.items[1].place.line, 4);
  EXPECT_EQ(list.items[1].place.column, 5);
}
TEST(YamlDocument, AValueThatIsNotWrittenHasItsKeysPlace) {
  Problem problem;
  const auto value = parse("a:\n\nb: {c: ~}\nd:\n", &problem);
  ASSERT_TRUE(value.ok()) << text_of(problem, "f");
  EXPECT_EQ(value.value().items[0].place.line, 1);
  EXPECT_EQ(value.value().items[1].items[0].place.column, 8);
  EXPECT_EQ(value.value().items[2].place.line, 4);
}
TEST(YamlDocument, RefusesWhatHidesMeaning) {
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"), "f:3:1: duplicate key a (keep one of them)");
  EXPECT_NE(refusal("a: &x 1\nb: *x\n").find("anchor"), std::string::npos);
  EXPECT_NE(refusal("a: !!str 1\n").find("tag"), std::string::npos);
  EXPECT_NE(refusal("a: !include x\n").find("tag"), std::string::npos);
  EXPECT_NE(refusal("a: 1\n---\nb: 2\n").find("second document"), std::string::npos);
  EXPECT_NE(refusal("? [a]\n: 1\n").find("key"), std::string::npos);
  EXPECT_NE(refusal("").find("empty"), std::string::npos);
}
TEST(YamlDocument, KeepsOnlyTheTagsThatAreAskedFor) {
  static constexpr std::string_view kTags[] = {"!here", "!there"};
  Problem problem;
  const auto value = parse("a: !here\nb: !there {c: 1}\n", &problem, kTags);
  ASSERT_TRUE(value.ok()) << text_of(problem, "f");
  EXPECT_EQ(value.value().items[0].tag, "!here");
  EXPECT_EQ(value.value().items[1].tag, "!there");
  EXPECT_EQ(value.value().items[1].items[0].tag, "");
  EXPECT_FALSE(parse("a: !elsewhere x\n", &problem, kTags).ok());
}
TEST(YamlDocument, DepthIsBounded) {
  EXPECT_EQ(refusal(std::string(32, '[') + std::string(32, ']')), "accepted");
  EXPECT_NE(refusal(std::string(33, '[') + std::string(33, ']')).find("deeper"), std::string::npos);
  EXPECT_NE(refusal(std::string(100000, '[')), "accepted");
}
TEST(YamlDocument, SyntaxErrorsHaveAPlace) {
  EXPECT_EQ(refusal("a: 1\n  b: [\n").substr(0, 4), "f:2:");
  EXPECT_NE(refusal("a: \"x").find("f:1:"), std::string::npos);
  EXPECT_EQ(refusal("a:\n  @@b: x\n"), "f:2:3: unknown token (quote what begins with @ or `)");
  EXPECT_NE(refusal("a:\n\t- x\n").find("(indent with blanks, not with tabs)"), std::string::npos);
  EXPECT_NE(refusal("a: \"x").find("(look at indentation"), std::string::npos);
}
}  // namespace cloister::yaml
