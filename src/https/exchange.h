// SPDX-License-Identifier: Apache-2.0
// One request over HTTPS and its answer, with limits on time and size. Host side, owner's tools and services in
// enclaves. Boost.Beast and OpenSSL are behind it.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>
#include "src/https/url.h"

namespace cloister::https {

struct Request {
  Url url;
  std::string method = "GET";
  std::string content_type = {};  // of the body
  std::string body = {};
};

struct Response {
  unsigned status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::vector<std::uint8_t> body;
};

struct Options {
  std::string ca_file = {};  // certificates to trust instead of the system's; PEM
  // If set, the server is whoever has a key (SubjectPublicKeyInfo, DER) that this accepts, before anything is sent; TLS
  // is 1.3 then, and certificates and names say nothing.
  std::function<bool(std::span<const std::uint8_t>)> accept_key = {};
  std::string address = {};  // numeric: where to connect; otherwise the URL's host is looked up
  std::string client_certificate = {}, client_key = {};  // PEM; none is shown if empty
  std::size_t body_limit = 0;                            // of the answer, in bytes
  unsigned timeout_seconds = 30;                         // for everything together
};

// Follows no redirection. Errc::io when there was no answer, Errc::mismatch when the server's key was not accepted;
// `problem` then says why.
Result<Response> exchange(const Request& request, const Options& options, std::string& problem);

}  // namespace cloister::https
