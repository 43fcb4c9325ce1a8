// SPDX-License-Identifier: Apache-2.0
// Templates: texts in which `$$SCONE::name[:format][|filter]$$` stands for a secret and, in arguments of a command,
// `@@N` for the host's N-th argument. Pure; any side.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloister::session {
struct Piece {
  enum class Kind { literal, secret, host_argument };
  Kind kind = Kind::literal;
  std::string text;          // as written
  std::string name, format;  // of a secret: "x", "crt:pem"; an older suffix is still part of the name
  bool escape_json = false;  // |escape(json)
  unsigned number = 0;       // of a host argument, from 1
  std::size_t offset = 0;    // in the template
};
struct TemplateProblem {
  std::size_t offset = 0;
  std::string what, hint;
};
enum class HostArguments { none, allowed };
// The pieces one after another give the text again. Nothing, and *problem, for a placeholder that is not well formed.
std::optional<std::vector<Piece>> parse_template(std::string_view text, HostArguments host_arguments,
                                                 TemplateProblem* problem);
bool has_placeholder(std::string_view text);
// Whether the text is one placeholder and nothing else.
bool is_placeholder(std::string_view text);
// Letters, digits and _ - . ~, from 1 to `limit` of them: names of secrets and services.
bool is_name(std::string_view text, std::size_t limit = 128);
}  // namespace cloister::session
