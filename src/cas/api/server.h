// SPDX-License-Identifier: Apache-2.0
// CAS's API on its port: TLS, HTTP, limits and deadlines. Inside CAS's enclave. Boost.Beast is behind it.
//
// Strangers may connect. Nobody holds a connection for long without asking something, the connection that has been
// silent longest goes when there are too many, and the bytes that bodies may take are limited for all together.
#pragma once
#include <memory>
#include "src/cas/api/api.h"

struct ssl_ctx_st;

namespace cloister::cas {

struct ApiServerOptions {
  std::string address = "127.0.0.1";  // numeric
  std::uint16_t port = 0;             // 0: any that is free
  unsigned handlers = 4;              // requests that are worked on at the same time, if they only read
  unsigned changers = 2;              // all others: they make keys, and keep nobody waiting who reads
  std::size_t waiting = 256;          // requests of either sort that wait for that; more are answered with 503
  std::size_t connections = 1024;
  std::uint32_t header_limit = 16 << 10;  // bytes of a request's head
  std::uint64_t body_limit = 4 << 20;     // bytes of one body
  std::uint64_t bodies_limit = 64 << 20;  // of all bodies that are on their way
  unsigned handshake_seconds = 10;
  unsigned head_seconds = 20;  // from the end of one request to the end of the next one's head
  unsigned body_seconds = 30;
  unsigned answer_seconds = 30;
};

class ApiServer {
 public:
  struct Statistics {
    std::uint64_t accepted = 0, evicted = 0, requests = 0, turned_away = 0;
    std::size_t open = 0;
  };
  // Listens and serves with threads of its own. `tls` asks for client certificates without judging them, and has no
  // resumption; the server keeps it alive. `api` must outlive it. `problem` says why it cannot listen.
  static Result<std::unique_ptr<ApiServer>> start(const ApiServerOptions& options, ssl_ctx_st* tls, Api& api,
                                                  std::string& problem);
  virtual ~ApiServer() = default;  // stops and waits
  virtual std::uint16_t port() const = 0;
  virtual Statistics statistics() const = 0;
};

}  // namespace cloister::cas
