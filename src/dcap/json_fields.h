// SPDX-License-Identifier: Apache-2.0
// Typed access to the members of a JSON object from elsewhere, by nlohmann's library without its throwing functions.
// Inside src/dcap only.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include "src/base/hex.h"
#include "src/base/result.h"
#include "src/dcap/time.h"

namespace cloister::dcap {

// A member's name that is part of a type, so that an error can name it without allocating.
template <std::size_t kSize>
struct MemberName {
  char text[kSize];
  constexpr MemberName(const char (&name)[kSize]) { std::copy(name, name + kSize, text); }
};

template <MemberName kName>
inline constexpr auto kMemberProblem = [] {
  constexpr char kRest[] = "\" is missing or malformed";
  std::array<char, 1 + sizeof kName.text - 1 + sizeof kRest> text{};
  text[0] = '"';
  std::copy(kName.text, kName.text + sizeof kName.text - 1, text.begin() + 1);
  std::copy(std::begin(kRest), std::end(kRest), text.begin() + sizeof kName.text);
  return text;
}();

class JsonFields {
 public:
  using Json = nlohmann::json;
  // `value` must outlive this. What is no object has no members.
  explicit JsonFields(const Json& value) : value_(&value) {}

  template <MemberName kName>
  const Json* find() const {
    const auto found = value_->find(kName.text);
    return found == value_->end() ? nullptr : &*found;
  }
  template <MemberName kName>
  Result<std::string_view> text() const {
    const Json* const member = find<kName>();
    const auto* const string = member ? member->get_ptr<const Json::string_t*>() : nullptr;
    if (!string) return problem<kName>();
    return std::string_view(*string);
  }
  template <MemberName kName>
  Result<std::uint32_t> number(std::uint64_t limit) const {
    const Json* const member = find<kName>();
    const auto* const number = member ? member->get_ptr<const Json::number_unsigned_t*>() : nullptr;
    if (!number || *number > limit) return problem<kName>();
    return static_cast<std::uint32_t>(*number);
  }
  template <MemberName kName>
  Result<UnixTime> date() const {
    const auto time = parse_iso_time(TRY(text<kName>()));
    if (!time.ok()) return problem<kName>();
    return time.value();
  }
  template <MemberName kName, std::size_t kBytes>
  Result<std::array<std::uint8_t, kBytes>> hex() const {
    const std::string_view digits = TRY(text<kName>());
    if (digits.size() != 2 * kBytes) return problem<kName>();
    const auto bytes = from_hex(digits);
    if (!bytes.ok()) return problem<kName>();
    std::array<std::uint8_t, kBytes> array;
    std::copy(bytes.value().begin(), bytes.value().end(), array.begin());
    return array;
  }
  template <MemberName kName>
  Result<JsonFields> object() const {
    const Json* const member = find<kName>();
    if (!member || !member->is_object()) return problem<kName>();
    return JsonFields(*member);
  }
  // An array with 1 to `limit` elements.
  template <MemberName kName>
  Result<const Json*> array(std::size_t limit) const {
    const Json* const member = find<kName>();
    if (!member || !member->is_array() || member->empty() || member->size() > limit) return problem<kName>();
    return member;
  }

  template <MemberName kName>
  static Error problem() {
    return Error(Errc::invalid, kMemberProblem<kName>.data());
  }

 private:
  const Json* value_;
};

// "advisoryIDs", which is optional.
inline Result<std::vector<std::string>> advisory_ids(const JsonFields& fields) {
  std::vector<std::string> ids;
  const auto* const member = fields.find<"advisoryIDs">();
  if (!member) return ids;
  if (!member->is_array() || member->size() > 256) return JsonFields::problem<"advisoryIDs">();
  for (const auto& entry : *member) {
    const auto* const text = entry.get_ptr<const nlohmann::json::string_t*>();
    if (!text || text->size() > 64) return JsonFields::problem<"advisoryIDs">();
    ids.push_back(*text);
  }
  return ids;
}

// The document; `text` has been checked for its depth. Errc::invalid for what is no JSON.
inline Result<nlohmann::json> parse_json(std::string_view text) {
  auto document = nlohmann::json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return Error(Errc::invalid, "malformed JSON");
  return document;
}

}  // namespace cloister::dcap
