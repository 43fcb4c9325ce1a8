// SPDX-License-Identifier: Apache-2.0
#include "src/cas/policy/settings.h"
#include <charconv>
#include "src/base/hex.h"

namespace cloister::cas {
namespace {
// The one of `all` that is written so.
template <typename T, std::size_t kCount>
std::optional<T> named(const std::optional<std::string>& text, const T (&all)[kCount]) {
  for (const T one : all)
    if (text && session::text_of(one) == *text) return one;
  return std::nullopt;
}
}  // namespace

std::optional<std::string> Settings::value(const session::Template& text) const {
  yaml::Problem problem;
  const auto filled = session::fill(text, session_, lookup_, &problem);
  if (!filled.ok()) return std::nullopt;
  return filled.value().reveal();
}

std::optional<session::Hash> Settings::value(const session::Setting<session::Hash>& setting) const {
  if (setting.literal) return setting.literal;
  const auto text = value(setting.variable);
  if (!text) return std::nullopt;
  session::Hash hash{};
  if (!read_hex(*text, hash)) return std::nullopt;
  return hash;
}

std::optional<std::uint16_t> Settings::value(const session::Setting<std::uint16_t>& setting) const {
  if (setting.literal) return setting.literal;
  const auto text = value(setting.variable);
  std::uint16_t number = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

std::optional<session::AttestationMode> Settings::value(
    const session::Setting<session::AttestationMode>& setting) const {
  using enum session::AttestationMode;
  if (setting.literal) return setting.literal;
  return named(value(setting.variable), {hardware, none, maa});
}

std::optional<session::Toleration> Settings::value(const session::Setting<session::Toleration>& setting) const {
  using enum session::Toleration;
  if (setting.literal) return setting.literal;
  return named(value(setting.variable), {debug_mode, hyperthreading, insecure_igpu, software_hardening_needed,
                                         aepic_leak, insecure_configuration, outdated_tcb});
}

std::string Settings::shown(const session::Setting<session::Hash>& setting) {
  return setting.literal ? to_hex(*setting.literal) : setting.variable.text;
}
std::string Settings::shown(const session::Setting<std::uint16_t>& setting) {
  return setting.literal ? std::to_string(*setting.literal) : setting.variable.text;
}

}  // namespace cloister::cas
