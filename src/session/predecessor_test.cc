// SPDX-License-Identifier: Apache-2.0
#include "src/session/predecessor.h"
#include <gtest/gtest.h>
#include "src/session/read_session.h"

namespace cloister::session {
namespace {

const std::string kHash(64, 'a');

std::string filled(const std::string& text) {
  const auto result = with_predecessor(text, kHash);
  if (!result) return "nothing";
  Report report;
  const auto session = read_session(*result, &report);
  EXPECT_TRUE(session && session->predecessor) << *result;
  return *result;
}

TEST(Predecessor, IsWrittenWhereNoneIs) {
  const std::string line = "predecessor: " + kHash + "\n";
  EXPECT_EQ(filled("name: s\nversion: 0.3\n"), "name: s\nversion: 0.3\n" + line);
  EXPECT_EQ(filled("name: s\nversion: 0.3"), "name: s\nversion: 0.3\n" + line);
  EXPECT_EQ(filled("---\nname: s\nversion: 0.3\n...\n"), "---\nname: s\nversion: 0.3\n" + line + "...\n");
  EXPECT_EQ(filled("  name: s\n  version: 0.3\n"), "  name: s\n  version: 0.3\n  " + line);
  EXPECT_EQ(filled("{\"name\": \"s\", \"version\": \"0.3\"}"),
            "{predecessor: " + kHash + ", \"name\": \"s\", \"version\": \"0.3\"}");
}

TEST(Predecessor, ReplacesNothing) {
  for (const char* empty : {" ~", " null", "", "  Null", " NULL"}) {
    const std::string begin = "name: s\npredecessor:", end = "  # none\nversion: 0.3\n";
    EXPECT_EQ(filled(begin + empty + end), begin + " " + kHash + end);
  }
  EXPECT_EQ(filled("{name: s, \"predecessor\": ~, version: 0.3}"),
            "{name: s, \"predecessor\": " + kHash + ", version: 0.3}");
}

TEST(Predecessor, StaysWhereOneIs) {
  EXPECT_EQ(filled("name: s\npredecessor: " + kHash + "\n"), "nothing");
  EXPECT_EQ(filled("[name]"), "nothing");
  EXPECT_EQ(filled("name: ["), "nothing");
}

}  // namespace
}  // namespace cloister::session
