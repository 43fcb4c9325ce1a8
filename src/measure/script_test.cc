// SPDX-License-Identifier: Apache-2.0
#include "src/measure/script.h"
#include <gtest/gtest.h>

namespace cloister {
namespace {
using Words = std::vector<std::string>;
std::optional<Words> read(const std::string& text) {
  return read_script_line({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

TEST(Script, FirstLine) {
  EXPECT_EQ(read("#!/bin/sh\necho"), (Words{"/bin/sh"}));
  EXPECT_EQ(read("#! /bin/sh -e -x \nrest"), (Words{"/bin/sh", "-e -x"}));
  EXPECT_EQ(read("#!/bin/sh"), (Words{"/bin/sh"}));
  EXPECT_EQ(read(std::string("#!/bin/a\0b", 10)), (Words{"/bin/a"}));
  EXPECT_EQ(read("#!/" + std::string(1000, 'x')).value()[0].size(), 254u);
  for (const char* text : {"", "#", "#!", "#!\n", "#!  \t\n/bin/sh",
                           "\x7f"
                           "ELF"})
    EXPECT_FALSE(read(text).has_value()) << text;
}

TEST(Script, Env) {
  EXPECT_EQ(skip_env({"/usr/bin/env", "python3"}), (Words{"python3"}));
  EXPECT_EQ(skip_env({"/usr/bin/env", "-S perl -w"}), (Words{"perl", "-w"}));
  for (const Words& words : {Words{"/bin/sh", "python3"}, Words{"/usr/bin/env"}, Words{"/usr/bin/env", "-i"},
                             Words{"/usr/bin/env", "A=1"}, Words{"/usr/bin/env", "-S"}})
    EXPECT_EQ(skip_env(words), words);
}
}  // namespace
}  // namespace cloister
