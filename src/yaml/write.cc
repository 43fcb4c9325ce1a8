// SPDX-License-Identifier: Apache-2.0
#include "src/yaml/write.h"
#include <algorithm>

namespace cloister::yaml {
namespace {
std::string quoted(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

// Which is plain text in every place.
bool is_word(std::string_view text) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool is_null = text == "null" || text == "Null" || text == "NULL";
  return !text.empty() && !is_null && is_alphanumeric(text.front()) && std::ranges::all_of(text, [&](char c) {
    return is_alphanumeric(c) || c == '_' || c == '-' || c == '.' || c == '+';
  });
}

// What was a plain word stays so, for `0o400` is a number and "0o400" is none. Other text means the same in quotes.
std::string scalar(const Value& value) {
  return !value.quoted && is_word(value.text) ? value.text : quoted(value.text);
}

void write_to(std::string& out, const Value& value, std::size_t depth);

// Behind "KEY:" or "-", with the line's end.
void write_behind(std::string& out, const Value& value, std::size_t depth) {
  if (!value.tag.empty()) out += ' ' + value.tag;
  const bool is_nested = value.kind == Value::Kind::sequence || value.kind == Value::Kind::mapping;
  if (is_nested && !value.items.empty()) {
    out += '\n';
    write_to(out, value, depth);
    return;
  }
  switch (value.kind) {
    case Value::Kind::null: out += value.tag.empty() ? " null" : ""; break;
    case Value::Kind::scalar: out += ' ' + scalar(value); break;
    case Value::Kind::sequence: out += " []"; break;
    case Value::Kind::mapping: out += " {}"; break;
  }
  out += '\n';
}

// A key of more than 1024 characters must be marked as one (YAML 1.2, 7.4).
void write_key(std::string& out, const std::string& key, std::size_t depth) {
  constexpr std::size_t kLongestUnmarked = 1024;
  const std::string text = is_word(key) ? key : quoted(key);
  if (text.size() > kLongestUnmarked) {
    out += "? " + text + '\n';
    out.append(depth * 2, ' ');
  } else {
    out += text;
  }
  out += ':';
}

void write_to(std::string& out, const Value& value, std::size_t depth) {
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    out.append(depth * 2, ' ');
    if (value.kind == Value::Kind::mapping)
      write_key(out, value.keys[i], depth);
    else
      out += '-';
    write_behind(out, value.items[i], depth + 1);
  }
}
}  // namespace

std::string write(const Value& value) {
  std::string out;
  const bool is_nested = value.kind == Value::Kind::sequence || value.kind == Value::Kind::mapping;
  if (is_nested && !value.items.empty() && value.tag.empty()) {
    write_to(out, value, 0);
  } else {
    out = "---";
    write_behind(out, value, 0);
  }
  return out;
}
}  // namespace cloister::yaml
