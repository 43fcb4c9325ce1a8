// SPDX-License-Identifier: Apache-2.0
// One HTTPS GET, with limits on time and size. Host side and owner's tools. Boost.Beast and OpenSSL are behind it and
// are included nowhere else.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>
#include "src/base/result.h"

namespace cloister::pccs {

struct Url {
  std::string host, port, path;  // the path begins with '/' and includes a query
  // "https://HOST[:PORT][/PATH]"; other schemes are refused.
  static Result<Url> parse(const std::string& text);
  std::string text() const;
};

struct HttpResponse {
  unsigned status;
  std::map<std::string, std::string> headers;  // names in lower case
  std::vector<std::uint8_t> body;
};

struct HttpOptions {
  std::string ca_file;            // certificates to trust instead of the system's; PEM
  std::size_t body_limit;         // bytes
  unsigned timeout_seconds = 30;  // for everything together
};

// Follows no redirection. Errc::io when there was no answer; `problem` then says why.
Result<HttpResponse> https_get(const Url& url, const HttpOptions& options, std::string& problem);

}  // namespace cloister::pccs
