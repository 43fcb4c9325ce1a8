// SPDX-License-Identifier: Apache-2.0
// What a YAML scalar says when a schema expects more than text. Pure; outside the enclave's runtime.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include "src/yaml/document.h"

namespace cloister::yaml {
// `true` and `false`, unquoted; YAML's other spellings of them with capitals, too.
std::optional<bool> boolean_of(const Value& value);
// An unquoted decimal number, or octal digits after 0o.
std::optional<std::uint64_t> number_of(const Value& value);
// Permission bits as 0o400, quoted or not.
std::optional<std::uint32_t> permission_of(const Value& value);

// For a name that is not known: "did you mean NAME?", or the list of those that are.
std::string suggestion(std::string_view name, const std::vector<std::string_view>& known);
}  // namespace cloister::yaml
