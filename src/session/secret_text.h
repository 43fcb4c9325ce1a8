// SPDX-License-Identifier: Apache-2.0
// The text of a secret that a session states: wiped when it goes. Copies are wiped each by itself. Any side.
#pragma once
#include <string>
#include <utility>
#include "src/base/secret.h"

namespace cloister::session {
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string text) : text_(std::move(text)) { wipe(text); }
  SecretText(const SecretText& other) = default;
  // A short text moves by copying; what stays behind is wiped, too.
  SecretText(SecretText&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }
  SecretText& operator=(SecretText other) noexcept {
    text_.swap(other.text_);
    return *this;
  }
  ~SecretText() { wipe(text_); }
  const std::string& reveal() const { return text_; }
  bool operator==(const SecretText& other) const =
      default;  // takes as long as the first difference: no check of guesses

  static void wipe(std::string& text) {
    text.resize(text.capacity());
    cloister::wipe(text.data(), text.size());
    text.clear();
  }

 private:
  std::string text_;
};
}  // namespace cloister::session
