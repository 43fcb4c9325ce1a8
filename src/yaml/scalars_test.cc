// SPDX-License-Identifier: Apache-2.0
#include "src/yaml/scalars.h"
#include <gtest/gtest.h>

namespace cloister::yaml {
namespace {
Value scalar(std::string text, bool quoted = false) {
  Value value;
  value.kind = Value::Kind::scalar;
  value.text = std::move(text);
  value.quoted = quoted;
  return value;
}
}  // namespace

TEST(YamlScalars, Numbers) {
  EXPECT_EQ(number_of(scalar("42")), 42u);
  EXPECT_EQ(number_of(scalar("0o400")), 256u);
  EXPECT_EQ(number_of(scalar("42", true)), std::nullopt);
  for (const char* text : {"", "-1", "1.5", "4x", "0o", "0o8", "0x10", "18446744073709551616"})
    EXPECT_EQ(number_of(scalar(text)), std::nullopt) << text;
  EXPECT_EQ(number_of(Value{}), std::nullopt);
}
TEST(YamlScalars, Permissions) {
  EXPECT_EQ(permission_of(scalar("0o400")), 0400u);
  EXPECT_EQ(permission_of(scalar("0o777", true)), 0777u);
  for (const char* text : {"400", "0400", "0o1777", "0o9", "0o"})
    EXPECT_EQ(permission_of(scalar(text)), std::nullopt) << text;
}
TEST(YamlScalars, TruthValues) {
  EXPECT_EQ(boolean_of(scalar("true")), true);
  EXPECT_EQ(boolean_of(scalar("FALSE")), false);
  EXPECT_EQ(boolean_of(scalar("true", true)), std::nullopt);
  EXPECT_EQ(boolean_of(scalar("yes")), std::nullopt);
}
TEST(YamlScalars, Suggestions) {
  EXPECT_EQ(suggestion("mrsinger", {"mrsigner", "isvprodid"}), "did you mean mrsigner?");
  EXPECT_EQ(suggestion("elephant", {"name", "size"}), "known are name, size");
  EXPECT_EQ(suggestion(std::string(65, 'x'), {"name"}), "");
  EXPECT_EQ(suggestion("environment", {"evironment"}), "did you mean evironment?");
  EXPECT_EQ(suggestion("environ", {"environment", "environs"}), "did you mean environs?");
  EXPECT_EQ(suggestion("command", {"commandABC"}), "did you mean commandABC?");
  EXPECT_EQ(suggestion("ABCcommand", {"command"}), "did you mean command?");
  EXPECT_EQ(suggestion("command", {"commandABCD"}), "known are commandABCD");
  EXPECT_EQ(suggestion("ABcommandXY", {"command"}), "known are command");
  EXPECT_EQ(suggestion("coxmxnd", {"command"}), "did you mean command?");
  EXPECT_EQ(suggestion("ab", {"xyz"}), "known are xyz");
}
}  // namespace cloister::yaml
