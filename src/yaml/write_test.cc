// SPDX-License-Identifier: Apache-2.0
#include "src/yaml/write.h"
#include <gtest/gtest.h>

namespace cloister::yaml {
namespace {
constexpr std::string_view kTags[] = {"!cas"};

std::string written(const std::string& text) {
  Problem problem;
  const auto value = parse(text, &problem, kTags);
  return value.ok() ? write(value.value()) : text_of(problem, "f");
}
}  // namespace

TEST(YamlWrite, KeepsWhatIsANumberAndWhatIsText) {
  EXPECT_EQ(written("a: 0o400\nb: '0o400'\nc:\nd: ~\ne: ''\n\"f g\": [1, \"x\"]\n"),
            "a: 0o400\nb: \"0o400\"\nc: null\nd: null\ne: \"\"\n\"f g\":\n  - 1\n  - \"x\"\n");
  EXPECT_EQ(written("[]\n"), "--- []\n");
  EXPECT_EQ(written("{a: {}, b: [[], {}]}\n"), "a: {}\nb:\n  - []\n  - {}\n");
  EXPECT_EQ(written("a: !cas\nb: !cas {c: d}\n"), "a: !cas \"\"\nb: !cas\n  c: d\n");
}

TEST(YamlWrite, LongKeys) {
  const std::string word(1024, 'k'), longer = word + 'k';
  EXPECT_EQ(written("- {" + word + ": v}\n"), "-\n  " + word + ": v\n");
  const std::string marked = "-\n  ? " + longer + "\n  : v\n";
  EXPECT_EQ(written("-\n  ? " + longer + "\n  : v\n"), marked);
  EXPECT_EQ(written(marked), marked);
  const std::string nested = "? \"" + longer + " x\"\n:\n  a:\n    - b\n";
  EXPECT_EQ(written(nested), nested);
}

TEST(YamlWrite, WhatIsWrittenIsReadAsTheSame) {
  for (const std::string text :
       {"plain", "a: b c\n", "a: |\n  two\n  lines\n", "a: >-\n  folded\n  text\n\n  more\n", "{a: 'x: y', \"b#c\": d}",
        "- - a\n  - b\n-\n  c: [d, {e: f}]\n", "a: \"\\t\\x01\\\"\\\\\"\n", "a: folded\n  plain\n\n  text\n",
        "? x y\n: z\n", "a: http://b\nc: d:e\n", "\"-a\": \"- b\"\n", "a: [b\r]\n", "\"null\": \"Null\"\n",
        "a: $$SCONE::b:hex$$\n", "a: \xc3\xa4\n"}) {
    const std::string once = written(text);
    EXPECT_EQ(written(once), once) << text;
    Problem problem;
    const auto before = parse(text, &problem), after = parse(once, &problem);
    ASSERT_TRUE(before.ok() && after.ok()) << once << text_of(problem, "f");
  }
}
}  // namespace cloister::yaml
