// SPDX-License-Identifier: Apache-2.0
#include "src/manifest_file/schema_reader.h"
#include <algorithm>
#include "src/base/size_text.h"
#include "src/yaml/scalars.h"

namespace cloister {
namespace {
using yaml::Value;

std::string suggestion(const std::string& name, const std::vector<SchemaReader::Key>& keys) {
  std::vector<std::string_view> known;
  for (const SchemaReader::Key& key : keys) known.emplace_back(key.name);
  return yaml::suggestion(name, known);
}
}  // namespace

void SchemaReader::refuse(const yaml::Place& place, std::string what, std::string hint) {
  if (!failed_) *problem_ = {place, std::move(what), std::move(hint)};
  failed_ = true;
}

void SchemaReader::mapping(const Value& value, const char* what, const std::vector<Key>& keys) {
  if (value.kind != Value::Kind::mapping)
    return refuse(value.place, std::string(what) + " must be a mapping", "write `key: value` lines");
  for (std::size_t i = 0; i < value.keys.size() && ok(); ++i) {
    const std::string& name = value.keys[i];
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& known) { return name == known.name; });
    if (key == keys.end())
      return refuse(value.key_places[i], "unknown key " + name.substr(0, 64) + " in " + what, suggestion(name, keys));
    key->read(value.items[i]);
  }
}

void SchemaReader::sequence(const Value& value, const char* what, const std::function<void(const Value&)>& item) {
  if (value.kind != Value::Kind::sequence)
    return refuse(value.place, std::string(what) + " must be a list", "write `- item` lines, or [] for none");
  for (const Value& content : value.items)
    if (ok()) item(content);
}

std::string SchemaReader::text(const Value& value, const char* what) {
  if (value.text.find('\0') != std::string::npos) refuse(value.place, std::string(what) + " with a NUL");
  return bytes(value, what);
}

std::string SchemaReader::bytes(const Value& value, const char* what) {
  if (value.kind != Value::Kind::scalar) refuse(value.place, std::string(what) + " must be a text", "quote it");
  return value.text;
}

bool SchemaReader::boolean(const Value& value, const char* what) {
  const auto boolean = yaml::boolean_of(value);
  if (!boolean) refuse(value.place, std::string(what) + " must be true or false");
  return boolean.value_or(false);
}

std::uint64_t SchemaReader::number(const Value& value, const char* what, std::uint64_t low, std::uint64_t high) {
  const auto number = yaml::number_of(value);
  if (number && *number >= low && *number <= high) return *number;
  refuse(value.place,
         std::string(what) + " must be a number from " + std::to_string(low) + " to " + std::to_string(high));
  return low;
}

std::uint32_t SchemaReader::mode(const Value& value) {
  const auto mode = yaml::permission_of(value);
  if (!mode) refuse(value.place, "mode must be an octal number from 0o000 to 0o777", "for example 0o644");
  return mode.value_or(0);
}

std::uint64_t SchemaReader::size(const Value& value, const char* what, std::uint64_t low, std::uint64_t high) {
  if (value.kind == Value::Kind::scalar)
    if (const auto parsed = parse_size(value.text); parsed.ok() && parsed.value() >= low && parsed.value() <= high)
      return parsed.value();
  refuse(value.place, std::string(what) + " must be a size from " + size_text(low) + " to " + size_text(high),
         "for example 64M or 4G");
  return low;
}

std::string SchemaReader::path(const Value& value, const char* what) {
  const std::string path = text(value, what);
  if (!ok() || path == "/") return path;
  bool good = !path.empty() && path.front() == '/' && path.back() != '/' && path.size() < 4096;
  for (std::size_t at = 1; good && at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view name = std::string_view(path).substr(at, end - at);
    good = !name.empty() && name != "." && name != ".." && name.size() <= 255;
    at = end + 1;
  }
  if (!good)
    refuse(value.place, std::string(what) + " must be an absolute path without . or .. and without a slash at its end");
  return path;
}
}  // namespace cloister
