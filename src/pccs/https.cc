// SPDX-License-Identifier: Apache-2.0
#include <utility>
// Boost 1.74's awaitable.hpp forgets to include <utility>.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include "src/pccs/https.h"

namespace cloister::pccs {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using ErrorCode = boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::uint32_t kHeaderLimit = 64 * 1024;  // issuer chains come as headers

// One exchange. Every step leaves its error in `code` and throws nothing.
struct Exchange {
  const Url& url;
  const HttpOptions& options;
  asio::io_context& io;
  ssl::context& tls;
  HttpResponse& response;
  ErrorCode code;
  const char* step = "";

  bool failed(const char* what) {
    step = what;
    return static_cast<bool>(code);
  }
  // Free functions of Asio take their arguments by reference: nothing here is a temporary across a suspension.
  auto token() { return asio::redirect_error(asio::use_awaitable, code); }

  asio::awaitable<void> run() {
    asio::ip::tcp::resolver resolver(io);
    const auto addresses = co_await resolver.async_resolve(url.host, url.port, token());
    if (failed("the host is not known")) co_return;
    Stream stream(io, tls);
    if (!SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str())) {
      code = beast::errc::make_error_code(beast::errc::not_enough_memory);
      step = "TLS could not be set up";
      co_return;
    }
    stream.set_verify_callback(ssl::host_name_verification(url.host), code);
    if (failed("TLS could not be set up")) co_return;
    auto& socket = beast::get_lowest_layer(stream);
    socket.expires_after(std::chrono::seconds(options.timeout_seconds));
    co_await socket.async_connect(addresses, token());
    if (failed("no connection")) co_return;
    co_await stream.async_handshake(ssl::stream_base::client, token());
    if (failed("no TLS connection that can be trusted")) co_return;
    co_await ask(stream);
    if (code) co_return;
    ErrorCode ignored;
    stream.next_layer().socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  }

  asio::awaitable<void> ask(Stream& stream) {
    http::request<http::empty_body> request(http::verb::get, url.path, 11);
    request.set(http::field::host, url.host);
    request.set(http::field::user_agent, "cloister");
    request.set(http::field::accept, "*/*");
    request.set(http::field::connection, "close");
    co_await http::async_write(stream, request, token());
    if (failed("the request could not be sent")) co_return;
    beast::flat_buffer buffer;
    http::response_parser<http::vector_body<std::uint8_t>> parser;
    parser.header_limit(kHeaderLimit);
    parser.body_limit(options.body_limit);
    co_await http::async_read(stream, buffer, parser, token());
    if (failed("no whole answer")) co_return;
    const auto& message = parser.get();
    response.status = message.result_int();
    response.body = message.body();
    for (const auto& field : message) {
      std::string name(field.name_string());
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      response.headers[name] = std::string(field.value());
    }
  }
};

}  // namespace

Result<HttpResponse> https_get(const Url& url, const HttpOptions& options, std::string& problem) {
  ErrorCode code;
  ssl::context tls(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  tls.set_verify_mode(ssl::verify_peer, code);
  if (options.ca_file.empty())
    tls.set_default_verify_paths(code);
  else
    tls.load_verify_file(options.ca_file, code);
  if (code) {
    problem = "the certificates to trust for TLS cannot be read (" + code.message() + ")";
    return Error(Errc::io, "no answer over HTTPS");
  }
  asio::io_context io(1);
  HttpResponse response{};
  Exchange exchange{.url = url, .options = options, .io = io, .tls = tls, .response = response, .code = {}, .step = ""};
  asio::co_spawn(io, exchange.run(), asio::detached);
  io.run();
  if (exchange.code) {
    problem = std::string(exchange.step) + " (" + exchange.code.message() + ")";
    return Error(Errc::io, "no answer over HTTPS");
  }
  return response;
}

}  // namespace cloister::pccs
