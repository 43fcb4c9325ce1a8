// SPDX-License-Identifier: Apache-2.0
// Filling a session's templates with the values of its secrets and with what the host gives. One pass: what was
// inserted is never looked at again, neither for `$$SCONE::…$$` nor for `@@N`, and never split. Pure; CAS and the
// owner's side.
//
// Kinds must be known by now: whoever serves an import without a kind sets it in its copy of the session first.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include "src/base/result.h"
#include "src/session/formats.h"
#include "src/session/model.h"

namespace cloister::session {
// Which secret, in which encoding, a placeholder means.
struct Reference {
  const Secret* secret = nullptr;
  const Format* format = nullptr;
  bool old_suffix = false;
};
// `name` may end in an older suffix, unless a secret has the whole of it as its name. On failure the secret or the
// format that is missing is nullptr.
Reference resolve_reference(const Session& session, const std::string& name, const std::string& format);

// The secret's bytes in an encoding; nothing when there is none, such as the key of a certificate that came without
// one.
using Lookup = std::function<std::optional<SecretText>(const Secret&, Encoding)>;

// Errc::invalid with *problem filled in. Its texts name secrets, never values, and nothing that the host said.
Result<SecretText> fill(const Template& text, const Session& session, const Lookup& lookup, yaml::Problem* problem);

// `host_arguments` are the host's argv without argv[0]. Each argument of the command stays one argument. NUL bytes
// cannot be passed to a program and are refused.
Result<std::vector<SecretText>> fill_command(const Service& service, const Session& session, const Lookup& lookup,
                                             const std::vector<std::string>& host_arguments, yaml::Problem* problem);

// Name and value, in the policy's order. `host_environment` gives the host's value of a variable that the policy leaves
// to it; what it does not have is empty.
using HostEnvironment = std::function<std::optional<std::string>(const std::string& name)>;
Result<std::vector<std::pair<std::string, SecretText>>> fill_environment(const Service& service, const Session& session,
                                                                         const Lookup& lookup,
                                                                         const HostEnvironment& host_environment,
                                                                         yaml::Problem* problem);
}  // namespace cloister::session
