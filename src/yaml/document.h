// SPDX-License-Identifier: Apache-2.0
// YAML as configuration that people sign: one document, no anchors, aliases or tags (but for those that a format asks
// for), no duplicate keys, bounded depth and size. Every value knows its place, so that a schema's complaint can name
// it. Outside the enclave's runtime.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include "src/base/result.h"

namespace cloister::yaml {
struct Place {
  int line = 1, column = 1;  // from 1
};

struct Value {
  enum class Kind { null, scalar, sequence, mapping };
  Kind kind = Kind::null;
  Place place;
  std::string text;  // of a scalar
  bool quoted = false;
  std::vector<Value> items;       // of a sequence, or a mapping's values in the order of the text
  std::vector<std::string> keys;  // of a mapping, each once; as many as items
  std::vector<Place> key_places;
  std::string tag;  // "!name", one of those that the caller allowed; otherwise empty
};

// What is wrong, where, and what to do about it.
struct Problem {
  Place place;
  std::string what, hint;
};
// "FILE:LINE:COLUMN: what (hint)"
std::string text_of(const Problem& problem, const std::string& file);

inline constexpr std::size_t kMaxSize = 16 << 20;  // bytes
inline constexpr int kMaxDepth = 32;
inline constexpr std::size_t kMaxValues = 1 << 20;  // scalars, keys among them, sequences and mappings

// Errc::invalid with *problem filled in. `allowed_tags` are kept for the schema to judge; others are refused. A text
// with more than `value_limit` values is not read to its end.
Result<Value> parse(std::string_view text, Problem* problem, std::span<const std::string_view> allowed_tags = {},
                    std::size_t value_limit = kMaxValues);
}  // namespace cloister::yaml
