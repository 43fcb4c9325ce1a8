// SPDX-License-Identifier: Apache-2.0
// The LAS's port: frames of messages.h over TCP, one QuotingService behind it. Host side.
//
// Quoting is done by one thread, one request after the other; what waits for it is bounded, and so are connections,
// sizes and times. A peer that is slow or silent costs its own connection.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include "src/base/endpoint.h"
#include "src/las/quoting_service.h"

namespace cloister::las {

struct ServerLimits {
  std::size_t connections = 1024;
  std::size_t queue = 64;                      // requests that wait for the quoting thread
  std::chrono::milliseconds time_limit{5000};  // for a whole request to come, and for its answer to be taken
};

class QuotingServer {
 public:
  QuotingServer(boost::asio::io_context& io, QuotingService& service, const ServerLimits& limits);
  ~QuotingServer();  // waits for the quoting thread
  // Listens and serves from io.run() on; where it really listens (port 0 asks for any).
  Result<Endpoint> listen(const Endpoint& at, std::string& problem);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// A listening socket, or an error with `problem` in words.
Result<boost::asio::ip::tcp::acceptor> listen_at(boost::asio::io_context& io, const Endpoint& at, std::string& problem);
Endpoint local_endpoint(const boost::asio::ip::tcp::acceptor& acceptor);

}  // namespace cloister::las
