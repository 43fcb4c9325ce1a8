// SPDX-License-Identifier: Apache-2.0
#include "src/yaml/scalars.h"
#include <algorithm>
#include <charconv>

namespace cloister::yaml {
namespace {
std::optional<std::uint64_t> digits_of(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}
bool is_octal(std::string_view text) { return text.substr(0, 2) == "0o"; }

constexpr std::size_t kNear = 3;  // letters that a suggestion may differ in

// Letters to insert, drop or replace between the two (Levenshtein); above kNear just that, and then cheap: only the
// cells of the matrix within kNear of its diagonal can hold less.
std::size_t distance(std::string_view a, std::string_view b) {
  constexpr std::size_t kFar = kNear + 1;
  if (a.size() > b.size() + kNear || b.size() > a.size() + kNear) return kFar;
  std::vector<std::size_t> row(b.size() + 1, kFar);
  for (std::size_t j = 0; j <= std::min(b.size(), kNear); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const std::size_t first = i > kNear ? i - kNear : 0;
    std::size_t& before_first = row[first > 0 ? first - 1 : 0];
    std::size_t corner = before_first;
    std::size_t least = before_first = first > 0 ? kFar : i;
    for (std::size_t j = std::max<std::size_t>(first, 1); j <= std::min(b.size(), i + kNear); ++j) {
      const std::size_t replaced = corner + (a[i - 1] != b[j - 1]);
      corner = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1, kFar});
      least = std::min(least, row[j]);
    }
    if (least == kFar) return kFar;
  }
  return row[b.size()];
}
}  // namespace

std::optional<bool> boolean_of(const Value& value) {
  if (value.kind != Value::Kind::scalar || value.quoted) return std::nullopt;
  if (value.text == "true" || value.text == "True" || value.text == "TRUE") return true;
  if (value.text == "false" || value.text == "False" || value.text == "FALSE") return false;
  return std::nullopt;
}

std::optional<std::uint64_t> number_of(const Value& value) {
  if (value.kind != Value::Kind::scalar || value.quoted) return std::nullopt;
  return is_octal(value.text) ? digits_of(std::string_view(value.text).substr(2), 8) : digits_of(value.text, 10);
}

std::optional<std::uint32_t> permission_of(const Value& value) {
  if (value.kind != Value::Kind::scalar || !is_octal(value.text)) return std::nullopt;
  const auto bits = digits_of(std::string_view(value.text).substr(2), 8);
  if (!bits || *bits > 0777) return std::nullopt;
  return static_cast<std::uint32_t>(*bits);
}

std::string suggestion(std::string_view name, const std::vector<std::string_view>& known) {
  constexpr std::size_t kSearched = 256;
  if (name.size() > 64 || known.empty()) return {};
  std::string_view nearest;
  std::size_t wrong = kNear + 1;
  for (std::size_t i = 0; i < std::min(known.size(), kSearched); ++i) {
    if (const std::size_t other = distance(name, known[i]); other < wrong) nearest = known[i], wrong = other;
  }
  // Half of the letters wrong is another word.
  if (wrong <= kNear && 2 * wrong <= name.size()) return "did you mean " + std::string(nearest) + "?";
  constexpr std::size_t kShown = 40, kShownSize = 64;  // of each; they may be somebody's own names
  std::string all("known are");
  for (std::size_t i = 0; i < std::min(known.size(), kShown); ++i)
    all.append(i == 0 ? " " : ", ").append(known[i].substr(0, kShownSize));
  return known.size() > kShown ? all + ", …" : all;
}
}  // namespace cloister::yaml
