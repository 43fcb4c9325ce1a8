// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include "src/las/server/quoting_server.h"

namespace cloister::las {
namespace asio = boost::asio;

Result<asio::ip::tcp::acceptor> listen_at(asio::io_context& io, const Endpoint& at, std::string& problem) {
  asio::ip::address address;
  if (at.is_v6) {
    address = asio::ip::address_v6(at.address);
  } else {
    asio::ip::address_v4::bytes_type bytes;
    std::copy_n(at.address.begin(), bytes.size(), bytes.begin());
    address = asio::ip::address_v4(bytes);
  }
  boost::system::error_code code;
  asio::ip::tcp::acceptor acceptor(io);
  const asio::ip::tcp::endpoint endpoint(address, at.port);
  acceptor.open(endpoint.protocol(), code);
  if (!code) acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true), code);
  if (!code) acceptor.bind(endpoint, code);
  if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (!code) return acceptor;
  problem = to_text(at) + ": " + code.message();
  return Error(Errc::io, "cannot listen");
}

Endpoint local_endpoint(const asio::ip::tcp::acceptor& acceptor) {
  boost::system::error_code code;
  const auto endpoint = acceptor.local_endpoint(code);
  Endpoint result{.is_v6 = endpoint.address().is_v6(), .address = {}, .port = endpoint.port()};
  if (result.is_v6)
    result.address = endpoint.address().to_v6().to_bytes();
  else
    std::ranges::copy(endpoint.address().to_v4().to_bytes(), result.address.begin());
  return result;
}

}  // namespace cloister::las
