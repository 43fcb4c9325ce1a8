// SPDX-License-Identifier: Apache-2.0
// Any command, any values of secrets and any arguments of the host: the number of arguments is the policy's, and what
// was inserted is not looked at again. Input: command, value and host argument, each ended by a NUL byte.
#include <cstdlib>
#include "src/session/command_line.h"
#include "src/session/substitution.h"
#include "src/session/template.h"

using namespace cloister::session;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
std::string take(std::string_view* rest) {
  const std::size_t end = std::min(rest->find('\0'), rest->size());
  const std::string text(rest->substr(0, end));
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return text;
}
Secret make(const char* name, Kind kind) {
  Secret secret;
  secret.name = name;
  secret.kind = kind;
  return secret;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string command = take(&rest), value = take(&rest), host = take(&rest);
  Session session;
  session.name = "s";
  session.secrets = {make("a", Kind::ascii), make("b", Kind::binary), make("c", Kind::x509)};
  const auto lookup = [&](const Secret&, Encoding) { return std::optional<SecretText>(value); };
  std::size_t open = 0;
  const auto words = split_command(command, &open);
  if (!words) {
    require(open < command.size());
    return 0;
  }
  Service service;
  for (const CommandWord& word : *words) service.command.push_back({{word.text, {}}});
  cloister::yaml::Problem problem;
  const auto filled = fill_command(service, session, lookup, {host, host}, &problem);
  if (!filled.ok()) {
    require(!problem.what.empty());
    return 0;
  }
  require(filled.value().size() == words->size());
  for (std::size_t i = 0; i < words->size(); ++i) {
    TemplateProblem malformed;
    const auto pieces = parse_template(words->at(i).text, HostArguments::allowed, &malformed);
    require(pieces.has_value());
    std::string expected;
    bool escaped = false;
    for (const Piece& piece : *pieces) {
      escaped |= piece.escape_json;
      expected += piece.kind == Piece::Kind::literal         ? piece.text
                  : piece.kind == Piece::Kind::host_argument ? host
                                                             : value;
    }
    require(escaped || filled.value()[i].reveal() == expected);
  }
  return 0;
}
