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
#include "src/https/exchange.h"

namespace cloister::https {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using ErrorCode = boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::uint32_t kHeaderLimit = 64 * 1024;  // issuer chains come as headers

// Of the certificate that the server showed, in DER; empty if there is none.
std::vector<std::uint8_t> server_key(SSL* tls) {
  X509* const certificate = SSL_get0_peer_certificate(tls);
  unsigned char* der = nullptr;
  const int size = certificate ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der) : 0;
  std::vector<std::uint8_t> key(der, der + (size > 0 ? size : 0));
  OPENSSL_free(der);
  return key;
}

// One exchange. Every step leaves its error in `code` and throws nothing.
struct Exchange {
  const Request& request;
  const Options& options;
  asio::io_context& io;
  ssl::context& tls;
  Response& response;
  ErrorCode code;
  const char* step = "";
  bool refused = false;  // the server's key

  bool failed(const char* what) {
    step = what;
    return static_cast<bool>(code);
  }
  // Free functions of Asio take their arguments by reference: nothing here is a temporary across a suspension.
  auto token() { return asio::redirect_error(asio::use_awaitable, code); }

  asio::awaitable<void> run() {
    asio::ip::tcp::resolver resolver(io);
    const std::string& host = options.address.empty() ? request.url.host : options.address;
    const auto addresses = co_await resolver.async_resolve(host, request.url.port, token());
    if (failed("the host is not known")) co_return;
    Stream stream(io, tls);
    if (!SSL_set_tlsext_host_name(stream.native_handle(), request.url.host.c_str())) {
      code = beast::errc::make_error_code(beast::errc::not_enough_memory);
      step = "TLS could not be set up";
      co_return;
    }
    if (!options.accept_key) stream.set_verify_callback(ssl::host_name_verification(request.url.host), code);
    if (failed("TLS could not be set up")) co_return;
    auto& socket = beast::get_lowest_layer(stream);
    socket.expires_after(std::chrono::seconds(options.timeout_seconds));
    co_await socket.async_connect(addresses, token());
    if (failed("no connection")) co_return;
    co_await stream.async_handshake(ssl::stream_base::client, token());
    if (failed("no TLS connection that can be trusted")) co_return;
    refused = options.accept_key && !options.accept_key(server_key(stream.native_handle()));
    if (refused) co_return;
    co_await ask(stream);
    if (code) co_return;
    ErrorCode ignored;
    stream.next_layer().socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  }

  asio::awaitable<void> ask(Stream& stream) {
    http::request<http::span_body<const char>> message(http::string_to_verb(request.method), request.url.path, 11);
    message.set(http::field::host, request.url.host);
    message.set(http::field::user_agent, "cloister");
    message.set(http::field::accept, "*/*");
    message.set(http::field::connection, "close");
    if (!request.content_type.empty()) message.set(http::field::content_type, request.content_type);
    message.body() = beast::span<const char>(request.body.data(), request.body.size());
    if (!request.body.empty()) message.content_length(request.body.size());
    co_await http::async_write(stream, message, token());
    // Who refuses a request before its end answers, and reads no more.
    const ErrorCode unsent = std::exchange(code, {});
    beast::flat_buffer buffer;
    http::response_parser<http::vector_body<std::uint8_t>> parser;
    parser.header_limit(kHeaderLimit);
    parser.body_limit(options.body_limit);
    co_await http::async_read(stream, buffer, parser, token());
    if (code && unsent) code = unsent;
    if (failed(unsent ? "the request could not be sent" : "no whole answer")) co_return;
    const auto& answer = parser.get();
    response.status = answer.result_int();
    response.body = answer.body();
    for (const auto& field : answer) {
      std::string name(field.name_string());
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      response.headers[name] = std::string(field.value());
    }
  }
};

ErrorCode configure(ssl::context& tls, const Options& options) {
  ErrorCode code;
  SSL_CTX_set_min_proto_version(tls.native_handle(), options.accept_key ? TLS1_3_VERSION : TLS1_2_VERSION);
  if (!options.client_key.empty()) {
    tls.use_certificate(asio::buffer(options.client_certificate), ssl::context::pem, code);
    if (!code) tls.use_private_key(asio::buffer(options.client_key), ssl::context::pem, code);
  }
  if (code) return code;
  tls.set_verify_mode(options.accept_key ? ssl::verify_none : ssl::verify_peer, code);
  if (options.accept_key) return code;
  if (options.ca_file.empty())
    tls.set_default_verify_paths(code);
  else
    tls.load_verify_file(options.ca_file, code);
  return code;
}

}  // namespace

Result<Response> exchange(const Request& request, const Options& options, std::string& problem) {
  ssl::context tls(ssl::context::tls_client);
  if (const ErrorCode code = configure(tls, options)) {
    problem = "the certificates for TLS cannot be read (" + code.message() + ")";
    return Error(Errc::io, "no answer over HTTPS");
  }
  asio::io_context io(1);
  Response response{};
  Exchange one{.request = request, .options = options, .io = io, .tls = tls, .response = response, .code = {}};
  asio::co_spawn(io, one.run(), asio::detached);
  io.run();
  if (one.refused) {
    problem = "the server has another key than the one expected";
    return Error(Errc::mismatch, "another server answers");
  }
  if (one.code) {
    problem = std::string(one.step) + " (" + one.code.message() + ")";
    return Error(Errc::io, "no answer over HTTPS");
  }
  return response;
}

}  // namespace cloister::https
