// SPDX-License-Identifier: Apache-2.0
// Addresses of HTTPS services. Any side but the enclave's runtime; pure.
#pragma once
#include <string>
#include "src/base/result.h"

namespace cloister::https {

struct Url {
  std::string host, port, path;  // the path begins with '/' and includes a query
  // "https://HOST[:PORT][/PATH]"; other schemes are refused.
  static Result<Url> parse(const std::string& text);
  std::string text() const;
};

// What a part of a path or of a query may not have as it is, as %XX.
std::string percent_encoded(std::string_view text);
// What is no escape stays.
std::string percent_decoded(std::string_view text);

}  // namespace cloister::https
