// SPDX-License-Identifier: Apache-2.0
#include "src/las/server/collateral_server.h"
#include <utility>
// Boost 1.74's awaitable.hpp forgets to include <utility>.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include "src/las/server/quoting_server.h"

namespace cloister::las {
namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Code = boost::system::error_code;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t kConnections = 256;
constexpr std::chrono::seconds kTimeLimit{5};
constexpr std::uint32_t kHeaderLimit = 8 * 1024;

http::response<http::vector_body<std::uint8_t>> response_of(PccsAnswer answer, unsigned version) {
  http::response<http::vector_body<std::uint8_t>> response(static_cast<http::status>(answer.status), version);
  for (const auto& [name, value] : answer.headers) response.set(name, value);
  response.keep_alive(false);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  return response;
}
}  // namespace

struct CollateralServer::Implementation {
  asio::io_context& io;
  Answer answer;
  asio::ssl::context tls{asio::ssl::context::tls_server};
  std::size_t connections = 0;

  // One request, one answer.
  asio::awaitable<void> serve(asio::ip::tcp::socket socket) {
    Code code;
    TlsStream stream(std::move(socket), tls);
    beast::get_lowest_layer(stream).expires_after(kTimeLimit);
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, code));
    if (!code) co_await exchange(stream, code);
    // After a clean answer, TLS's own end; nobody waits long for the other side's.
    if (!code) co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, code));
    beast::get_lowest_layer(stream).close();
    --connections;
  }

  asio::awaitable<void> exchange(TlsStream& stream, Code& code) {
    beast::flat_buffer buffer(kHeaderLimit);
    http::request_parser<http::empty_body> parser;
    parser.header_limit(kHeaderLimit);
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, code));
    if (code) co_return;
    const auto& request = parser.get();
    PccsAnswer found{405, {}, {}};
    if (request.method() == http::verb::get) found = answer(std::string(request.target()));
    const auto response = response_of(std::move(found), request.version());
    co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, code));
  }

  asio::awaitable<void> accept(asio::ip::tcp::acceptor acceptor) {
    asio::steady_timer pause(io);
    for (;;) {
      Code code;
      auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, code));
      if (code == asio::error::operation_aborted) co_return;
      if (code) {
        pause.expires_after(std::chrono::milliseconds(50));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, code));
        continue;
      }
      if (connections >= kConnections) continue;  // closes it
      ++connections;
      asio::co_spawn(io, serve(std::move(socket)), asio::detached);
    }
  }
};

CollateralServer::CollateralServer(asio::io_context& io, Answer answer)
    : implementation_(new Implementation{.io = io, .answer = std::move(answer)}) {}
CollateralServer::~CollateralServer() = default;

Result<Endpoint> CollateralServer::listen(const Endpoint& at, const TlsCertificate& certificate, std::string& problem) {
  auto& tls = implementation_->tls;
  Code code;
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  tls.use_certificate(asio::buffer(certificate.certificate_pem), asio::ssl::context::pem, code);
  if (!code) tls.use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem, code);
  if (code) {
    problem = certificate.file + ": " + code.message();
    return Error(Errc::invalid, "the TLS certificate cannot be used");
  }
  auto acceptor = TRY(listen_at(implementation_->io, at, problem));
  const Endpoint where = local_endpoint(acceptor);
  asio::co_spawn(implementation_->io, implementation_->accept(std::move(acceptor)), asio::detached);
  return where;
}

}  // namespace cloister::las
