// SPDX-License-Identifier: Apache-2.0
// Secrets and what they are made of, for tests.
#pragma once
#include <gtest/gtest.h>
#include "src/cas/secrets/encode.h"
#include "src/cas/secrets/make_material.h"

namespace cloister::cas {

inline constexpr dcap::UnixTime kTestNow = 1'790'000'000;  // September 2026

template <typename T>
T must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.error().what());
    std::abort();
  }
  return std::move(result).take();
}
template <typename T>
std::string cause(const Result<T>& result) {
  return result.ok() ? "" : result.error().what();
}

// A private_key that is named; which one it is, Ingredients say.
inline const std::string kNamedKey = "k";

inline session::Secret secret_of(session::Kind kind, std::string name = "s") {
  session::Secret secret;
  secret.name = name;
  secret.kind = kind;
  secret.common_name = std::move(name);
  return secret;
}
inline session::Secret stated(session::Kind kind, std::string_view value) {
  session::Secret secret = secret_of(kind);
  secret.value = session::SecretText(std::string(value));
  return secret;
}
inline SecretMaterial made(const session::Secret& secret, Ingredients ingredients = {}) {
  ingredients.now = kTestNow;
  return must(make_material(secret, ingredients));
}
inline std::string text(const SecretMaterial& material, session::Encoding encoding) {
  return std::string(text_of(must(encode(material, encoding))));
}

}  // namespace cloister::cas
