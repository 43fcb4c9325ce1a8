// SPDX-License-Identifier: Apache-2.0
#include "src/session/substitution.h"
#include <algorithm>
#include "src/session/json_escape.h"
#include "src/session/template.h"

namespace cloister::session {
namespace {
constexpr std::string_view kOldSuffixes[] = {".crt", ".key", ".chain", ".hex"};
// What a filled text may be at most; a template that repeats a secret cannot exhaust a service's memory.
constexpr std::size_t kMaxFilled = 16 << 20;

Error refuse(yaml::Problem* problem, const Template& text, std::string what, std::string hint = {}) {
  *problem = {text.place, std::move(what), std::move(hint)};
  return Error(Errc::invalid, "substitution");
}

// The value of one placeholder.
Result<SecretText> value_of(const Piece& piece, const Template& text, const Session& session, const Lookup& lookup,
                            yaml::Problem* problem) {
  const Reference reference = resolve_reference(session, piece.name, piece.format);
  if (reference.secret == nullptr) return refuse(problem, text, "no secret " + piece.name + " in " + session.name);
  if (reference.format == nullptr)
    return refuse(problem, text, "secret " + reference.secret->name + " has no such format",
                  "its formats are " + formats_of(reference.secret->kind));
  auto value = lookup(*reference.secret, reference.format->encoding);
  if (!value)
    return refuse(problem, text, "secret " + reference.secret->name + " cannot be given as " + piece.text,
                  "a certificate without its key has no key to give");
  if (!piece.escape_json) return std::move(*value);
  auto escaped = escape_json(value->reveal());
  if (!escaped)
    return refuse(problem, text, "secret " + reference.secret->name + " is not UTF-8, which JSON needs",
                  "give it as :base64 or :hex");
  return std::move(*escaped);
}

Result<SecretText> fill_pieces(const Template& text, HostArguments host, const Session& session, const Lookup& lookup,
                               const std::vector<std::string>& host_arguments, yaml::Problem* problem) {
  TemplateProblem malformed;
  const auto pieces = parse_template(text.text, host, &malformed);
  if (!pieces) return refuse(problem, text, malformed.what, malformed.hint);
  std::vector<SecretText> parts;
  std::size_t size = 0;
  for (const Piece& piece : *pieces) {
    if (piece.kind == Piece::Kind::literal) {
      parts.emplace_back(piece.text);
    } else if (piece.kind == Piece::Kind::secret) {
      parts.push_back(TRY(value_of(piece, text, session, lookup, problem)));
    } else {
      if (piece.number > host_arguments.size())
        return refuse(problem, text, "the host gives no argument " + std::to_string(piece.number),
                      "the command asks for " + piece.text);
      parts.emplace_back(host_arguments[piece.number - 1]);
    }
    size += parts.back().reveal().size();
    if (size > kMaxFilled) return refuse(problem, text, "filled, this is larger than 16 MiB");
  }
  std::string out;
  out.reserve(size);  // once, so that no copy stays behind in freed memory
  for (const SecretText& part : parts) out += part.reveal();
  return SecretText(std::move(out));
}

Result<void> check_no_nul(const SecretText& value, const Template& text, const std::string& what,
                          yaml::Problem* problem) {
  if (value.reveal().find('\0') == std::string::npos) return {};
  return refuse(problem, text, what + " would contain a NUL byte", "give binary secrets as :hex or :base64");
}
}  // namespace

Reference resolve_reference(const Session& session, const std::string& name, const std::string& format) {
  Reference reference;
  if ((reference.secret = session.secret(name)) != nullptr) {
    reference.format = find_format(reference.secret->kind, format);
    return reference;
  }
  if (!format.empty()) return reference;
  for (const std::string_view suffix : kOldSuffixes) {
    if (!name.ends_with(suffix)) continue;
    reference.secret = session.secret(name.substr(0, name.size() - suffix.size()));
    reference.old_suffix = true;
    if (reference.secret != nullptr) reference.format = find_format(reference.secret->kind, suffix);
  }
  return reference;
}

Result<SecretText> fill(const Template& text, const Session& session, const Lookup& lookup, yaml::Problem* problem) {
  return fill_pieces(text, HostArguments::none, session, lookup, {}, problem);
}

Result<std::vector<SecretText>> fill_command(const Service& service, const Session& session, const Lookup& lookup,
                                             const std::vector<std::string>& host_arguments, yaml::Problem* problem) {
  std::vector<SecretText> filled;
  for (const Argument& argument : service.command) {
    filled.push_back(TRY(fill_pieces(argument.text, HostArguments::allowed, session, lookup, host_arguments, problem)));
    TRY(check_no_nul(filled.back(), argument.text, "an argument of " + service.name, problem));
  }
  return filled;
}

Result<std::vector<std::pair<std::string, SecretText>>> fill_environment(const Service& service, const Session& session,
                                                                         const Lookup& lookup,
                                                                         const HostEnvironment& host_environment,
                                                                         yaml::Problem* problem) {
  std::vector<std::pair<std::string, SecretText>> filled;
  for (const EnvironmentVariable& variable : service.environment) {
    SecretText value = variable.from_host ? SecretText(host_environment(variable.name).value_or(""))
                                          : TRY(fill(variable.value, session, lookup, problem));
    TRY(check_no_nul(value, variable.value, "the variable " + variable.name, problem));
    filled.emplace_back(variable.name, std::move(value));
  }
  return filled;
}
}  // namespace cloister::session
