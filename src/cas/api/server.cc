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
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <atomic>
#include <chrono>
#include <list>
#include <thread>
#include "src/cas/api/client_certificate.h"
#include "src/cas/api/server.h"

namespace cloister::cas {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;
using Body = http::vector_body<std::uint8_t, WipingAllocator<std::uint8_t>>;
using Buffer = beast::basic_flat_buffer<WipingAllocator<char>>;  // what was read may be a session
using Parser = http::request_parser<Body>;
using std::chrono::seconds;

constexpr seconds kClosingTime(2);
constexpr std::size_t kDrained = 8 << 20;  // bytes of a refused body that are read, so that the answer arrives

struct Connection {
  Connection(tcp::socket socket, asio::ssl::context& tls) : stream(std::move(socket), tls) {}
  Stream stream;
  std::list<std::shared_ptr<Connection>>::iterator place;  // among those that wait, while it does
  bool waits = false;
};
using ConnectionPointer = std::shared_ptr<Connection>;

// The connections that are open, and among them, in this order, those that have been silent the longest.
class Waiting {
 public:
  explicit Waiting(std::size_t limit) : limit_(limit) {}

  // Whether there is room; `evicted` then is who has to go for it, if anybody.
  bool enter(const ConnectionPointer& connection, ConnectionPointer& evicted) {
    const std::scoped_lock lock(mutex_);
    if (open_ >= limit_) {
      evicted = take_longest_silent();
      if (!evicted) return false;
    }
    ++open_;
    put_in(connection);
    return true;
  }
  // For when there is no descriptor for another one. Null if none is silent.
  ConnectionPointer give_way() {
    const std::scoped_lock lock(mutex_);
    return take_longest_silent();
  }
  void silent(const ConnectionPointer& connection) {
    const std::scoped_lock lock(mutex_);
    if (!connection->waits) put_in(connection);
  }
  void busy(Connection& connection) {
    const std::scoped_lock lock(mutex_);
    take_out(connection);
  }
  void leave(Connection& connection) {
    const std::scoped_lock lock(mutex_);
    take_out(connection);
    --open_;
  }
  std::size_t open() const {
    const std::scoped_lock lock(mutex_);
    return open_;
  }

 private:
  void put_in(const ConnectionPointer& connection) {
    connection->place = silent_.insert(silent_.end(), connection);
    connection->waits = true;
  }
  ConnectionPointer take_longest_silent() {
    if (silent_.empty()) return nullptr;
    ConnectionPointer longest = silent_.front();
    take_out(*longest);
    return longest;
  }
  void take_out(Connection& connection) {
    if (connection.waits) silent_.erase(connection.place);
    connection.waits = false;
  }
  mutable std::mutex mutex_;
  const std::size_t limit_;
  std::size_t open_ = 0;
  std::list<ConnectionPointer> silent_;
};

// A part of what all bodies together may take.
class Share {
 public:
  Share(std::atomic<std::uint64_t>& used, std::uint64_t limit, std::uint64_t size) : used_(used), size_(size) {
    granted_ = used_.fetch_add(size_) + size_ <= limit;
  }
  ~Share() { used_.fetch_sub(size_); }
  Share(const Share&) = delete;
  bool granted() const { return granted_; }

 private:
  std::atomic<std::uint64_t>& used_;
  const std::uint64_t size_;
  bool granted_;
};

// Threads that work on requests, and how many requests they have, those that wait among them.
struct Workers {
  explicit Workers(unsigned threads) : count(threads), pool(threads) {}
  const std::size_t count;
  std::atomic<std::size_t> working{0};
  asio::thread_pool pool;
};

class Server final : public ApiServer {
 public:
  Server(const ApiServerOptions& options, SSL_CTX* tls, Api& api)
      : options_(options),
        api_(api),
        tls_(tls),
        handlers_(options.handlers),
        changers_(options.changers),
        acceptor_(io_),
        waiting_(options.connections) {}

  ~Server() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    handlers_.pool.join();
    changers_.pool.join();
  }

  bool listen(std::string& problem) {
    ErrorCode code;
    const auto address = asio::ip::make_address(options_.address, code);
    const tcp::endpoint endpoint(address, options_.port);
    if (!code) acceptor_.open(endpoint.protocol(), code);
    if (!code) acceptor_.set_option(tcp::acceptor::reuse_address(true), code);
    if (!code) acceptor_.bind(endpoint, code);
    if (!code) acceptor_.listen(tcp::acceptor::max_listen_connections, code);
    if (code) {
      problem = options_.address + ":" + std::to_string(options_.port) + ": " + code.message();
      return false;
    }
    port_ = acceptor_.local_endpoint(code).port();
    asio::co_spawn(io_, accept_all(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
    return true;
  }

  std::uint16_t port() const override { return port_; }
  Statistics statistics() const override {
    return {.accepted = accepted_,
            .evicted = evicted_,
            .requests = requests_,
            .turned_away = turned_away_,
            .open = waiting_.open()};
  }

 private:
  asio::awaitable<void> accept_all() {
    for (;;) {
      ErrorCode code;
      const auto strand = asio::make_strand(io_);
      tcp::socket socket = co_await acceptor_.async_accept(strand, asio::redirect_error(asio::use_awaitable, code));
      if (code) {  // no descriptors, most of all
        if (auto silent = waiting_.give_way()) evict(std::move(silent));
        asio::steady_timer pause(io_, std::chrono::milliseconds(50));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, code));
        continue;
      }
      ++accepted_;
      auto connection = std::make_shared<Connection>(std::move(socket), tls_);
      ConnectionPointer evicted;
      if (!waiting_.enter(connection, evicted)) {
        ++turned_away_;
        continue;
      }
      if (evicted) evict(std::move(evicted));
      asio::co_spawn(strand, serve(std::move(connection)), asio::detached);
    }
  }

  void evict(ConnectionPointer connection) {
    ++evicted_;
    const auto executor = connection->stream.get_executor();
    asio::post(executor, [connection = std::move(connection)] { beast::get_lowest_layer(connection->stream).close(); });
  }

  asio::awaitable<void> serve(ConnectionPointer connection) {
    Stream& stream = connection->stream;
    ErrorCode code;
    beast::get_lowest_layer(stream).expires_after(seconds(options_.handshake_seconds));
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, code));
    if (!code) co_await serve_requests(connection);
    waiting_.leave(*connection);
  }

  asio::awaitable<void> serve_requests(ConnectionPointer connection) {
    Stream& stream = connection->stream;
    const ClientIdentity client = client_identity(stream.native_handle());
    Buffer buffer;
    bool more = true;
    while (more) {
      waiting_.silent(connection);
      Parser parser;
      parser.header_limit(options_.header_limit);
      parser.body_limit(options_.body_limit);
      ErrorCode code;
      beast::get_lowest_layer(stream).expires_after(seconds(options_.head_seconds));
      co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, code));
      waiting_.busy(*connection);
      if (code == http::error::end_of_stream || code == beast::error::timeout) break;
      if (code) {
        co_await refuse(stream, code);
        break;
      }
      more = co_await serve_one(stream, buffer, parser, client);
    }
    co_await close(stream);
  }

  // Whether another request may follow.
  asio::awaitable<bool> serve_one(Stream& stream, Buffer& buffer, Parser& parser, const ClientIdentity& client) {
    ++requests_;
    const auto declared = parser.content_length();
    const std::uint64_t size = declared ? *declared : parser.chunked() ? options_.body_limit : 0;
    const Share share(bodies_, options_.bodies_limit, size);
    Response response;
    ErrorCode code;
    bool complete = false;
    if (!share.granted()) {
      response = api_.refuse(503, "CAS reads too many requests at the moment", "try again");
    } else {
      beast::get_lowest_layer(stream).expires_after(seconds(options_.body_seconds));
      co_await invite(stream, parser, code);
      if (!code) co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, code));
      if (code == http::error::body_limit || code == http::error::partial_message) {
        co_await refuse(stream, code);
        co_return false;
      }
      if (code) co_return false;
      complete = true;
      response = co_await answer(parser.release(), client);
    }
    const bool more = complete && parser.keep_alive() && response.status < 500;
    const bool sent = co_await send(stream, std::move(response), more);
    co_return sent&& more;
  }

  // Who asks before he sends a large body.
  asio::awaitable<void> invite(Stream& stream, Parser& parser, ErrorCode& code) {
    if (!beast::iequals(parser.get()[http::field::expect], "100-continue")) co_return;
    http::response<http::empty_body> go(http::status::continue_, 11);
    co_await http::async_write(stream, go, asio::redirect_error(asio::use_awaitable, code));
  }

  asio::awaitable<Response> answer(http::request<Body> message, const ClientIdentity& client) {
    Workers& workers = message.method() == http::verb::get ? handlers_ : changers_;
    if (workers.working.fetch_add(1) >= workers.count + options_.waiting) {
      workers.working.fetch_sub(1);
      co_return api_.refuse(503, "CAS is busy", "try again");
    }
    Request request{.method = std::string(message.method_string()),
                    .target = std::string(message.target()),
                    .body = std::move(message.body())};
    Response response = co_await asio::co_spawn(workers.pool, work(std::move(request), client), asio::use_awaitable);
    workers.working.fetch_sub(1);
    co_return response;
  }

  asio::awaitable<Response> work(Request request, ClientIdentity client) {
    try {
      co_return api_.handle(request, client);
    } catch (const std::exception&) {  // of memory, or of a library; nothing of ours throws
    }
    co_return api_.refuse(500, "CAS failed at this request", "");
  }

  asio::awaitable<bool> send(Stream& stream, Response response, bool keep_open) {
    http::response<Body> message(static_cast<http::status>(response.status), 11);
    message.set(http::field::server, "cloister-cas");
    message.set(http::field::content_type, response.content_type);
    message.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : response.headers) message.set(name, value);
    message.keep_alive(keep_open);
    message.body() = std::move(response.body);
    message.prepare_payload();
    ErrorCode code;
    beast::get_lowest_layer(stream).expires_after(seconds(options_.answer_seconds));
    co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, code));
    co_return !code;
  }

  // What is no request, or too large a one.
  asio::awaitable<void> refuse(Stream& stream, ErrorCode code) {
    if (code.category() != http::make_error_code(http::error::bad_method).category()) co_return;
    Response response;
    if (code == http::error::body_limit)
      response = api_.refuse(413, "the body is larger than " + std::to_string(options_.body_limit) + " bytes", "");
    else if (code == http::error::header_limit)
      response =
          api_.refuse(431, "the request's head is larger than " + std::to_string(options_.header_limit) + " bytes", "");
    else
      response = api_.refuse(400, "this is no HTTP request", "GET /v1/openapi.json describes the API");
    co_await send(stream, std::move(response), false);
  }

  asio::awaitable<void> close(Stream& stream) {
    ErrorCode code;
    auto& lowest = beast::get_lowest_layer(stream);
    lowest.expires_after(kClosingTime);
    co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, code));
    lowest.socket().shutdown(tcp::socket::shutdown_send, code);
    std::array<char, 16384> unread;
    for (std::size_t total = 0; !code && total < kDrained;) {
      const asio::mutable_buffer space(unread.data(), unread.size());
      total += co_await lowest.async_read_some(space, asio::redirect_error(asio::use_awaitable, code));
    }
    lowest.close();
  }

  const ApiServerOptions options_;
  Api& api_;
  std::atomic<std::uint64_t> bodies_{0}, accepted_{0}, evicted_{0}, requests_{0}, turned_away_{0};
  // Connections that are still open when this ends go with io_, and need what stands before it.
  asio::ssl::context tls_;
  Workers handlers_, changers_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  Waiting waiting_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::start(const ApiServerOptions& options, ssl_ctx_st* tls, Api& api,
                                                    std::string& problem) {
  SSL_CTX_up_ref(tls);
  auto server = std::make_unique<Server>(options, tls, api);
  if (!server->listen(problem)) return Error(Errc::io, "the API's port cannot be opened");
  return std::unique_ptr<ApiServer>(std::move(server));
}

}  // namespace cloister::cas
