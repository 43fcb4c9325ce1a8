// SPDX-License-Identifier: Apache-2.0
#include <utility>
// Boost 1.74's awaitable.hpp forgets to include <utility>.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include "src/base/secret.h"
#include "src/cas/server/enclave_port.h"
#include "src/cas/server/random.h"
#include "src/cas/server/refusal_rows.h"
#include "src/release/messages.h"

namespace cloister::cas {
namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;
using Message = std::vector<std::uint8_t>;

struct Shared {
  const EnclavePortOptions options;
  const Identity identity;
  SealedStore& store;
  Committer& committer;
  const EnclavePort::Decide decide;
  const Clock clock;
  std::vector<std::uint8_t> audit_key;
  RefusalRows refusal_rows{};
  std::atomic<std::size_t> connections{0};
};

release::AuditHead message_head(const audit::Head& head) { return {head.at.sequence, head.at.hash, head.signature}; }

tcp::endpoint socket_endpoint(const Endpoint& at) {
  if (at.is_v6) return {asio::ip::address_v6(at.address), at.port};
  asio::ip::address_v4::bytes_type bytes;
  std::copy_n(at.address.begin(), bytes.size(), bytes.begin());
  return {asio::ip::address_v4(bytes), at.port};
}

// One enclave's connection. Free functions of Asio take their arguments by reference: nothing here is a temporary
// across a suspension.
class Connection {
  auto token() { return asio::redirect_error(asio::use_awaitable, code_); }
  void deadline(unsigned seconds) { beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(seconds)); }

 public:
  Connection(tcp::socket socket, asio::ssl::context& tls, Shared& shared)
      : stream_(std::move(socket), tls), shared_(shared) {
    ++shared_.connections;
  }
  ~Connection() { --shared_.connections; }

  asio::awaitable<void> run() {
    deadline(shared_.options.step_seconds);
    co_await stream_.async_handshake(asio::ssl::stream_base::server, token());
    if (code_ || !is_fresh_enclave_connection(stream_.native_handle())) co_return;
    const bool granted = co_await attest();
    if (granted) co_await watch();
    deadline(shared_.options.step_seconds);
    co_await stream_.async_shutdown(token());
  }

  auto executor() { return stream_.get_executor(); }

 private:
  // Empty when there is none: closed, too late, too long or of another type.
  asio::awaitable<Message> read(release::MessageType type) {
    std::array<std::uint8_t, release::kFrameSizeSize> head;
    const auto head_buffer = asio::buffer(head);
    co_await asio::async_read(stream_, head_buffer, token());
    if (code_) co_return Message();
    const auto size = release::decode_frame_size(head, release::kFrameLimit);
    if (!size.ok()) co_return Message();
    Message message(size.value());
    const auto buffer = asio::buffer(message);
    co_await asio::async_read(stream_, buffer, token());
    if (code_) co_return Message();
    const auto found = release::message_type(message);
    if (!found.ok() || found.value() != type) co_return Message();
    co_return message;
  }

  // `message` outlives the call: the caller keeps it. The frame is one buffer: of two, Beast's stream leaves the second
  // out when it is longer than what it would copy (16 KiB), and reports no error.
  asio::awaitable<bool> write(std::span<const std::uint8_t> message) {
    const auto size = release::frame_size(message.size());
    SecretBytes frame;
    frame.reserve(size.size() + message.size());
    frame.insert(frame.end(), size.begin(), size.end());
    frame.insert(frame.end(), message.begin(), message.end());
    const auto buffer = asio::buffer(frame);
    const std::size_t written = co_await asio::async_write(stream_, buffer, token());
    co_return !code_ && written == frame.size();
  }

  asio::awaitable<bool> attest() {
    deadline(shared_.options.step_seconds);
    const Message hello_bytes = co_await read(release::MessageType::hello);
    if (hello_bytes.empty()) co_return false;
    const auto hello = release::decode_hello(hello_bytes);
    if (!hello.ok()) co_return false;
    config_id_ = hello.value().config_id;

    release::Challenge challenge;
    if (!random_bytes(challenge.cas_nonce)) co_return false;
    challenge.time = shared_.clock() / 1000;
    challenge.audit = message_head(shared_.store.head());
    challenge.audit_key = shared_.audit_key;
    const Message challenge_bytes = release::encode(challenge);
    const auto exported = export_key(stream_.native_handle(), challenge.cas_nonce);
    if (!exported.ok()) co_return false;
    Attempt attempt;
    attempt.config_id = config_id_;
    attempt.report_data =
        release::report_data({exported.value(), hello_bytes, challenge_bytes, shared_.identity.public_key,
                              shared_.audit_key, hello.value().enclave_key});
    const bool sent = co_await write(challenge_bytes);
    if (!sent) co_return false;

    deadline(shared_.options.evidence_seconds);
    const Message evidence_bytes = co_await read(release::MessageType::evidence);
    if (evidence_bytes.empty()) co_return false;
    auto evidence = release::decode_evidence(evidence_bytes);
    if (!evidence.ok()) co_return false;
    attempt.quote = std::move(evidence.value().quote);
    attempt.now = shared_.clock();
    deadline(shared_.options.evidence_seconds);
    co_return co_await answer(std::move(attempt));
  }

  // The row in the audit log is durable before anything is released.
  asio::awaitable<bool> answer(Attempt attempt) {
    Release decided = co_await decide(std::move(attempt));
    const auto* const refused = std::get_if<release::Deny::Code>(&decided.outcome);
    if (refused != nullptr && !shared_.refusal_rows.admit(decided, *shared_.store.time_bound())) {
      co_await deny(*refused, decided.entry.reference);
      co_return false;
    }
    const std::string reference = decided.entry.reference;
    mrenclave_ = decided.mrenclave;
    Mutation mutation;
    mutation.demands = std::move(decided.demands);
    mutation.seen = std::move(decided.seen);
    mutation.entries.push_back(std::move(decided.entry));
    const auto committed = co_await commit(std::move(mutation));
    if (refused != nullptr || !committed.has_value()) {
      co_await deny(refused != nullptr ? *refused : release::Deny::Code::later, reference);
      co_return false;
    }
    deadline(shared_.options.step_seconds);
    co_return co_await write(std::get<SecretBytes>(decided.outcome));
  }

  asio::awaitable<void> deny(release::Deny::Code code, std::string reference) {
    release::Deny deny;
    deny.code = code;
    deny.reference = std::move(reference);
    const Message message = release::encode(deny);
    deadline(shared_.options.step_seconds);
    (void)co_await write(message);
  }

  // The program runs. EXIT says how it ended; a connection that breaks says only that.
  asio::awaitable<void> watch() {
    beast::get_lowest_layer(stream_).expires_never();
    ErrorCode ignored;
    beast::get_lowest_layer(stream_).socket().set_option(asio::socket_base::keep_alive(true), ignored);
    const Message message = co_await read(release::MessageType::exit);
    audit::Entry entry;
    entry.kind = audit::Kind::service_exited;
    entry.time = shared_.clock();
    entry.actor.kind = audit::Actor::Kind::enclave;
    entry.actor.identity = mrenclave_;
    entry.subject = config_id_;
    const auto exit = release::decode_exit(message);
    if (exit.ok()) {
      entry.code = static_cast<std::uint32_t>(exit.value().kind);
      entry.value = exit.value().value;
      entry.text = exit.value().reason;
    } else {
      entry.code = kConnectionLost;
      entry.text = "the connection ended without a word";
    }
    Mutation mutation;
    mutation.entries.push_back(std::move(entry));
    const auto committed = co_await commit(std::move(mutation));
    if (!exit.ok() || !committed) co_return;
    deadline(shared_.options.step_seconds);
    const Message noted = release::encode(release::Noted{message_head(*committed)});
    (void)co_await write(noted);
  }

  asio::awaitable<Release> decide(Attempt attempt) {
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Release)>(
        [this, &attempt](auto handler) {
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          shared_.decide(std::move(attempt), [shared, executor = executor()](Release decided) {
            asio::post(executor, [shared, decided = std::make_shared<Release>(std::move(decided))] {
              std::move (*shared)(std::move(*decided));
            });
          });
        },
        asio::use_awaitable);
  }

  // Nothing when it could not be written.
  asio::awaitable<std::optional<audit::Head>> commit(Mutation mutation) {
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(std::optional<audit::Head>)>(
        [this, &mutation](auto handler) {
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          const auto finish = [shared, executor = executor()](std::optional<audit::Head> head) {
            asio::post(executor, [shared, head] { std::move (*shared)(head); });
          };
          const auto submitted =
              shared_.committer.submit(std::move(mutation), [finish](const Result<Committed>& committed) {
                finish(committed.ok() ? std::optional(committed.value().head) : std::nullopt);
              });
          if (!submitted.ok()) finish(std::nullopt);
        },
        asio::use_awaitable);
  }

  static constexpr std::uint32_t kConnectionLost = 3;  // after the kinds of EXIT

  Stream stream_;
  Shared& shared_;
  ErrorCode code_;
  std::string config_id_;
  release::Digest mrenclave_{};
};

class Port final : public EnclavePort {
 public:
  Port(Shared* shared, TlsContext context)
      : shared_(shared), tls_(std::make_unique<asio::ssl::context>(context.get())), context_(std::move(context)) {
    SSL_CTX_up_ref(context_.get());  // Asio's context gives back what it was given
  }
  ~Port() override { stop(); }

  ErrorCode listen() {
    ErrorCode code;
    const tcp::endpoint endpoint = socket_endpoint(shared_->options.at);
    acceptor_.open(endpoint.protocol(), code);
    if (!code) acceptor_.set_option(tcp::acceptor::reuse_address(true), code);
    if (!code) acceptor_.bind(endpoint, code);
    if (!code) acceptor_.listen(asio::socket_base::max_listen_connections, code);
    if (code) return code;
    asio::co_spawn(io_, accept(), asio::detached);
    for (unsigned i = 0; i < shared_->options.threads; ++i) threads_.emplace_back([this] { io_.run(); });
    return code;
  }

  std::uint16_t port() const override {
    ErrorCode ignored;
    return acceptor_.local_endpoint(ignored).port();
  }
  std::size_t connections() const override { return shared_->connections; }

  void stop() override {
    if (threads_.empty()) return;
    io_.stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  // A coroutine keeps its parameters, so the connection lives as long as it runs.
  static asio::awaitable<void> serve(std::shared_ptr<Connection> connection) { co_await connection->run(); }

  asio::awaitable<void> accept() {
    for (;;) {
      ErrorCode code;
      auto strand = asio::make_strand(io_);
      tcp::socket socket(strand);
      co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, code));
      if (code == asio::error::operation_aborted) co_return;
      if (code) {  // out of descriptors: wait until some are free
        asio::steady_timer pause(io_, std::chrono::milliseconds(50));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, code));
        continue;
      }
      if (shared_->connections >= shared_->options.connection_count) continue;
      socket.set_option(tcp::no_delay(true), code);
      const auto connection = std::make_shared<Connection>(std::move(socket), *tls_, *shared_);
      asio::co_spawn(connection->executor(), serve(connection), asio::detached);
    }
  }

  std::unique_ptr<Shared> shared_;
  asio::io_context io_;
  tcp::acceptor acceptor_{io_};
  std::unique_ptr<asio::ssl::context> tls_;
  TlsContext context_;
  std::vector<std::thread> threads_;
};
}  // namespace

Result<std::unique_ptr<EnclavePort>> EnclavePort::open(const EnclavePortOptions& options, const Identity& identity,
                                                       SealedStore& store, Committer& committer, Decide decide,
                                                       Clock clock, std::string& problem) {
  auto tls = TRY(enclave_tls(identity));
  const auto& key = store.audit_key();
  auto* const shared =
      new Shared{options, identity, store, committer, std::move(decide), std::move(clock), {key.begin(), key.end()}};
  auto port = std::make_unique<Port>(shared, std::move(tls));
  if (const ErrorCode code = port->listen(); code) {
    problem = to_text(options.at) + ": " + code.message();
    return Error(Errc::io, "cannot listen");
  }
  return std::unique_ptr<EnclavePort>(std::move(port));
}
}  // namespace cloister::cas
