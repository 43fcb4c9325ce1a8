// SPDX-License-Identifier: Apache-2.0
#include "src/las/server/quoting_server.h"
#include <utility>
// Boost 1.74's awaitable.hpp forgets to include <utility>.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace cloister::las {
namespace {
namespace asio = boost::asio;
using ErrorCode_ = boost::system::error_code;
using Frame = std::vector<std::uint8_t>;
using Stream = boost::beast::tcp_stream;

Frame error_frame(ErrorCode code, std::string_view text) { return encode(Answer(ErrorAnswer{code, text})); }

// On the quoting thread.
Frame answer_to(QuotingService& service, const Request& request) {
  const auto refused = [](const Error& error) {
    const bool report = error.code() == Errc::mismatch;
    return error_frame(report ? ErrorCode::invalid_report : ErrorCode::unavailable, error.what());
  };
  if (const auto* const wanted = std::get_if<QuoteRequest>(&request)) {
    auto quote = service.quote(*wanted);
    return quote.ok() ? encode(Answer(std::move(quote).take())) : refused(quote.error());
  }
  const auto target = service.init();
  if (!target.ok()) return refused(target.error());
  const auto size = service.quote_size();
  return size.ok() ? encode(Answer(TargetInfoAnswer{target.value(), size.value()})) : refused(size.error());
}
}  // namespace

struct QuotingServer::Implementation {
  asio::io_context& io;
  QuotingService& service;
  const ServerLimits limits;
  asio::thread_pool quoting{1};
  std::size_t connections = 0, queued = 0;  // of the thread that runs `io`

  asio::awaitable<Frame> quote_on_worker(Request request) { co_return answer_to(service, request); }

  asio::awaitable<Frame> answer(const Frame& frame) {
    auto request = parse_request(frame);
    if (!request.ok()) co_return error_frame(ErrorCode::bad_request, request.error().what());
    if (queued >= limits.queue) co_return error_frame(ErrorCode::busy, "too many requests wait for their quote");
    ++queued;
    Frame done = co_await asio::co_spawn(quoting, quote_on_worker(std::move(request).take()), asio::use_awaitable);
    --queued;
    co_return done;
  }

  // One frame of a request; empty when the connection is to be closed.
  asio::awaitable<Frame> read_frame(Stream& stream, ErrorCode_& code) {
    std::array<std::uint8_t, kPrefixSize> prefix;
    stream.expires_after(limits.time_limit);
    co_await asio::async_read(stream, asio::buffer(prefix), asio::redirect_error(asio::use_awaitable, code));
    const auto size = frame_size(prefix, kRequestLimit);
    if (code || !size.ok()) co_return Frame();
    Frame frame(size.value());
    co_await asio::async_read(stream, asio::buffer(frame), asio::redirect_error(asio::use_awaitable, code));
    if (code) frame.clear();
    co_return frame;
  }

  asio::awaitable<void> serve(asio::ip::tcp::socket socket) {
    ErrorCode_ code;
    socket.set_option(asio::ip::tcp::no_delay(true), code);
    Stream stream(std::move(socket));
    for (;;) {
      const Frame request = co_await read_frame(stream, code);
      if (request.empty()) break;
      stream.expires_never();
      const Frame reply = co_await answer(request);
      stream.expires_after(limits.time_limit);
      co_await asio::async_write(stream, asio::buffer(reply), asio::redirect_error(asio::use_awaitable, code));
      if (code) break;
    }
    stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, code);
    --connections;
  }

  asio::awaitable<void> accept(asio::ip::tcp::acceptor acceptor) {
    asio::steady_timer pause(io);
    for (;;) {
      ErrorCode_ code;
      auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, code));
      if (code == asio::error::operation_aborted) co_return;
      if (code) {  // no descriptors, no memory: what is served now will give some back
        pause.expires_after(std::chrono::milliseconds(50));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, code));
        continue;
      }
      if (connections >= limits.connections) continue;  // closes it
      ++connections;
      asio::co_spawn(io, serve(std::move(socket)), asio::detached);
    }
  }
};

QuotingServer::QuotingServer(asio::io_context& io, QuotingService& service, const ServerLimits& limits)
    : implementation_(new Implementation{.io = io, .service = service, .limits = limits}) {}
QuotingServer::~QuotingServer() {
  implementation_->quoting.stop();
  implementation_->quoting.join();
}

Result<Endpoint> QuotingServer::listen(const Endpoint& at, std::string& problem) {
  auto acceptor = TRY(listen_at(implementation_->io, at, problem));
  const Endpoint where = local_endpoint(acceptor);
  asio::co_spawn(implementation_->io, implementation_->accept(std::move(acceptor)), asio::detached);
  return where;
}

}  // namespace cloister::las
