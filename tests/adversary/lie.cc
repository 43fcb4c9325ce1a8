// SPDX-License-Identifier: Apache-2.0
#include "tests/adversary/lie.h"
#include <cstdlib>
#include <sstream>

namespace cloister::adversary {
namespace {
constexpr struct {
  const char* name;
  LieKind kind;
} kKinds[] = {{"result", LieKind::result},
              {"more", LieKind::more},
              {"part", LieKind::part},
              {"skip", LieKind::skip},
              {"fill", LieKind::fill},
              {"flip", LieKind::flip},
              {"length", LieKind::length},
              {"status", LieKind::status},
              {"ahead", LieKind::ahead},
              {"behind", LieKind::behind},
              {"first_bytes", LieKind::first_bytes},
              {"twice", LieKind::twice}};
}  // namespace

std::optional<Lie> parse_lie(const std::string& text) {
  std::istringstream input(text);
  Lie lie;
  std::string nth, kind, value;
  if (!std::getline(input, lie.call, ':') || !std::getline(input, nth, ':') || !std::getline(input, kind, ':'))
    return std::nullopt;
  std::getline(input, value, ':');
  lie.nth = std::strtoull(nth.c_str(), nullptr, 10);
  lie.value = std::strtoll(value.c_str(), nullptr, 0);
  for (const auto& known : kKinds) {
    if (kind != known.name) continue;
    lie.kind = known.kind;
    return lie;
  }
  return std::nullopt;
}
}  // namespace cloister::adversary
