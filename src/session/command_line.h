// SPDX-License-Identifier: Apache-2.0
// Splitting the text of a command into arguments. It happens on the policy's own text, before anything is filled in, so
// that no secret and no argument of the host can change their number. Pure; any side.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloister::session {
struct CommandWord {
  std::string text;
  std::size_t offset = 0;  // where it begins in the command
};
// At blanks. Single quotes keep everything; double quotes keep all but \" and \\; a backslash outside of quotes keeps
// the next character. Nothing, and *open_quote, when a quote has no end or the last character is a lonely backslash.
std::optional<std::vector<CommandWord>> split_command(std::string_view command, std::size_t* open_quote);
}  // namespace cloister::session
