// SPDX-License-Identifier: Apache-2.0
// Programs that are scripts: the first line names an interpreter, as execve(2) reads it. Owner's side, pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cloister {
// What stands before the script's path in the argument list: the interpreter and at most one argument, which is the
// rest of the line. Nothing if the file is no script.
std::optional<std::vector<std::string>> read_script_line(std::span<const std::uint8_t> file);

// `env NAME` and `env -S NAME ARGUMENTS` would look NAME up and execute it. A program cannot execute another one yet,
// so this is done here: the words after env. Anything else stays as it is.
std::vector<std::string> skip_env(const std::vector<std::string>& words);
}  // namespace cloister
