// SPDX-License-Identifier: Apache-2.0
// The typed values of the session language.
#include <algorithm>
#include <charconv>
#include "src/base/hex.h"
#include "src/session/pem.h"
#include "src/session/reader.h"
#include "src/yaml/scalars.h"

namespace cloister::session {
namespace {
// Left-over variables of the command line are the most frequent reason for a value of the wrong form.
std::string hint_for(std::string_view written, std::string otherwise) {
  const std::size_t dollar = written.find('$');
  if (dollar == std::string_view::npos || written.substr(dollar).starts_with("$$")) return otherwise;
  return "is a variable left? fill it with --set NAME=VALUE";
}

struct Unit {
  const char* names;  // each with a blank on both sides
  std::uint64_t seconds;
};
constexpr Unit kUnits[] = {{" s sec secs second seconds ", 1}, {" m min mins minute minutes ", 60},
                           {" h hr hrs hour hours ", 3600},    {" d day days ", 86400},
                           {" w week weeks ", 7 * 86400},      {" M month months ", 2630016},
                           {" y year years ", 31557600}};
constexpr std::uint64_t kLongest = 1000ULL * 31557600;  // a thousand years; dates end there, too

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// 0 when it is no duration.
std::uint64_t seconds_of(std::string_view text) {
  std::uint64_t total = 0;
  while (!text.empty()) {
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    std::uint64_t count = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
    if (parsed.ec != std::errc{} || count > kLongest) return 0;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c == ' ' || is_digit(c); });
    std::string unit(" ");
    unit.append(text.begin(), end).append(" ");
    const auto found = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& one) {
      return unit.size() > 2 && std::string_view(one.names).find(unit) != std::string_view::npos;
    });
    if (found == std::end(kUnits) || count * found->seconds > kLongest) return 0;
    total += count * found->seconds;
    text.remove_prefix(unit.size() - 2);
  }
  return total > kLongest ? 0 : total;
}

bool is_base58(std::string_view text) {
  static constexpr std::string_view kDigits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  return text.size() >= 40 && text.size() <= 60 && text.find_first_not_of(kDigits) == std::string_view::npos;
}
}  // namespace

std::string Reader::name(const Value& value, const std::string& what) {
  const std::string result = text(value, what);
  if (value.kind == Value::Kind::scalar && !is_name(result))
    refuse(value.place, what + " must have 1 to 128 characters of letters, digits, _ - . and ~", hint_for(result, {}));
  return result;
}

std::string Reader::absolute_path(const Value& value, const std::string& what) {
  const std::string path = plain_text(value, what);
  if (value.kind != Value::Kind::scalar) return path;
  bool good = path.size() > 1 && path.size() < 4096 && path.front() == '/' && path.find('\0') == std::string::npos;
  for (std::size_t at = 1; good && at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = std::string_view(path).substr(at, end - at);
    good = part != "." && part != ".." && part.size() <= 255;
    at = end + 1;
  }
  if (!good) refuse(value.place, what + " must be an absolute path without . and ..", hint_for(path, {}));
  return path;
}

bool Reader::boolean(const Value& value, const std::string& what) {
  const auto result = yaml::boolean_of(value);
  if (!result) refuse(value.place, what + " must be true or false", "without quotes");
  return result.value_or(false);
}

std::uint64_t Reader::number(const Value& value, const std::string& what, std::uint64_t low, std::uint64_t high) {
  const auto result = yaml::number_of(value);
  if (result && *result >= low && *result <= high) return *result;
  refuse(value.place, what + " must be a number from " + std::to_string(low) + " to " + std::to_string(high),
         hint_for(value.text, "without quotes"));
  return low;
}

std::uint64_t Reader::duration(const Value& value, const std::string& what) {
  const std::uint64_t seconds = seconds_of(text(value, what));
  if (value.kind == Value::Kind::scalar && seconds == 0)
    refuse(value.place, what + " must be a duration", "for example 90 days, 59d, 1 year, 24h");
  return seconds;
}

Hash Reader::hash(const Value& value, const std::string& what) {
  Hash result{};
  const std::string digits = text(value, what);
  if (!read_hex(digits, result) && value.kind == Value::Kind::scalar)
    refuse(value.place, what + " must have 64 hexadecimal digits",
           hint_for(digits, "it has " + std::to_string(digits.size()) + " characters"));
  return result;
}

Template Reader::hexadecimal(const Value& value, const std::string& what, std::size_t size, const char* feature) {
  if (is_variable(value)) return variable(value, feature);
  const std::string digits = text(value, what);
  const auto bytes = from_hex(digits);
  if (value.kind == Value::Kind::scalar && (!bytes.ok() || bytes.value().size() != size))
    refuse(value.place, what + " must have " + std::to_string(2 * size) + " hexadecimal digits, or be a placeholder",
           hint_for(digits, "it has " + std::to_string(digits.size()) + " characters"));
  return {digits, value.place};
}

Setting<Hash> Reader::hash_setting(const Value& value, const std::string& what) {
  if (is_variable(value)) return {std::nullopt, variable(value)};
  return {hash(value, what), {}};
}

Setting<std::uint16_t> Reader::number_setting(const Value& value, const std::string& what) {
  if (is_variable(value)) return {std::nullopt, variable(value)};
  return {static_cast<std::uint16_t>(number(value, what, 0, 65535)), {}};
}

std::string Reader::pem(const Value& value, const std::string& what, const std::vector<std::string_view>& labels) {
  const std::string written = text(value, what);
  if (value.kind != Value::Kind::scalar) return written;
  const auto blocks = parse_pem(written);
  if (!blocks || blocks->empty()) {
    refuse(value.place, what + " must be in PEM", hint_for(written, "-----BEGIN … -----, Base64, -----END … -----"));
    return written;
  }
  for (const PemBlock& block : *blocks) {
    if (std::find(labels.begin(), labels.end(), block.label) == labels.end())
      refuse(value.place, what + " is PEM of another kind",
             "expected -----BEGIN " + std::string(labels.front()) + "-----");
    else if (block.bytes.front() != 0x30)
      warn(value.place, what + " is PEM, but what is in it is no " + std::string(labels.front()));
  }
  return written;
}

bool Reader::is_key_hash(std::string_view text) const {
  const auto bytes = from_hex(text);
  return is_base58(text) || (bytes.ok() && bytes.value().size() == 32);
}
}  // namespace cloister::session
