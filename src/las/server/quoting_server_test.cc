// SPDX-License-Identifier: Apache-2.0
// The LAS's port under peers that are slow, silent, many, or wrong, with a quoting service that the test holds up.
#include "src/las/server/quoting_server.h"
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

namespace cloister::las {
namespace {
using Frame = std::vector<std::uint8_t>;

// Answers with quotes that name the report; the first byte of a report says what shall happen to it.
class FakeQuoting final : public QuotingService {
 public:
  const char* name() const override { return "fake"; }
  Result<sgx::Targetinfo> init() override {
    sgx::Targetinfo target{};
    target.measurement[0] = 0x51;
    return target;
  }
  Result<std::uint32_t> quote_size() override { return 100u; }
  Result<QuoteAnswer> quote(const QuoteRequest& request) override {
    std::unique_lock guard(mutex_);
    opened_.wait(guard, [this] { return open_; });
    const std::uint8_t what = request.report.body.cpusvn[0];
    if (what == 1) return Error(Errc::mismatch, "not for us");
    if (what == 2) return Error(Errc::io, "broken");
    return QuoteAnswer{Frame(100, what), std::nullopt};
  }
  void set_open(bool open) {
    const std::lock_guard guard(mutex_);
    open_ = open;
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = true;
};

class Client {
 public:
  explicit Client(const Endpoint& to) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  Client(Client&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~Client() {
    if (socket_ >= 0) close(socket_);
  }
  void send_bytes(std::span<const std::uint8_t> bytes) const {
    EXPECT_EQ(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  // What follows the prefix; empty when the connection was closed.
  Frame receive() const {
    std::array<std::uint8_t, kPrefixSize> prefix;
    if (recv(socket_, prefix.data(), prefix.size(), MSG_WAITALL) != static_cast<ssize_t>(prefix.size())) return {};
    Frame frame(frame_size(prefix, kAnswerLimit).take());
    EXPECT_EQ(recv(socket_, frame.data(), frame.size(), MSG_WAITALL), static_cast<ssize_t>(frame.size()));
    return frame;
  }
  // False once the other end has closed.
  bool drip(std::uint8_t byte) const {
    if (recv(socket_, &byte, 1, MSG_DONTWAIT) == 0) return false;
    return send(socket_, &byte, 1, MSG_NOSIGNAL) == 1;
  }
  bool is_closed_within(int seconds) const {
    const timeval limit{.tv_sec = seconds, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::uint8_t byte;
    return recv(socket_, &byte, 1, 0) == 0 || errno == ECONNRESET;
  }

 private:
  int socket_;
};

Frame quote_request(std::uint8_t what) {
  QuoteRequest request{};
  request.report.body.cpusvn[0] = what;
  return encode(Request(request));
}
std::optional<ErrorCode> error_in(const Frame& frame) {
  const auto answer = parse_answer(frame);
  const auto* const error = answer.ok() ? std::get_if<ErrorAnswer>(&answer.value()) : nullptr;
  return error != nullptr ? std::optional(error->code) : std::nullopt;
}
std::uint8_t quoted(const Frame& frame) {
  const auto answer = parse_answer(frame);
  const auto* const quote = answer.ok() ? std::get_if<QuoteAnswer>(&answer.value()) : nullptr;
  return quote != nullptr ? quote->quote.at(0) : 0;
}

class QuotingServerTest : public ::testing::Test {
 protected:
  void start(const ServerLimits& limits) {
    server_.emplace(io_, quoting_, limits);
    std::string problem;
    endpoint_ = server_->listen({.is_v6 = false, .address = {127, 0, 0, 1}, .port = 0}, problem).take();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~QuotingServerTest() override {
    quoting_.set_open(true);
    io_.stop();
    thread_.join();
  }
  void expect_service() const {
    const Client client(endpoint_);
    client.send_bytes(quote_request(42));
    EXPECT_EQ(quoted(client.receive()), 42);
  }

  boost::asio::io_context io_{1};
  FakeQuoting quoting_;
  std::optional<QuotingServer> server_;
  Endpoint endpoint_;
  std::thread thread_;
};
}  // namespace

TEST_F(QuotingServerTest, OneConnectionAsksSeveralThings) {
  start({});
  const Client client(endpoint_);
  client.send_bytes(encode(Request(TargetInfoRequest{})));
  const Frame frame = client.receive();
  const auto answer = parse_answer(frame);
  ASSERT_TRUE(answer.ok());
  const auto& target = std::get<TargetInfoAnswer>(answer.value());
  EXPECT_EQ(target.target.measurement[0], 0x51);
  EXPECT_EQ(target.quote_size, 100u);
  for (std::uint8_t what = 3; what < 20; ++what) {
    client.send_bytes(quote_request(what));
    EXPECT_EQ(quoted(client.receive()), what);
  }
}

TEST_F(QuotingServerTest, RefusalsHaveNames) {
  start({});
  const Client client(endpoint_);
  client.send_bytes(quote_request(1));
  EXPECT_EQ(error_in(client.receive()), ErrorCode::invalid_report);
  client.send_bytes(quote_request(2));
  EXPECT_EQ(error_in(client.receive()), ErrorCode::unavailable);
  Frame short_report = quote_request(9);
  short_report.pop_back();
  --short_report[0];
  client.send_bytes(short_report);
  EXPECT_EQ(error_in(client.receive()), ErrorCode::bad_request);
  Frame version = quote_request(9);
  version[kPrefixSize] = 2;
  client.send_bytes(version);
  EXPECT_EQ(error_in(client.receive()), ErrorCode::bad_request);
  client.send_bytes(quote_request(7));
  EXPECT_EQ(quoted(client.receive()), 7);
}

TEST_F(QuotingServerTest, SizesThatNoRequestHas) {
  start({});
  for (const std::array<std::uint8_t, 4> prefix :
       {std::array<std::uint8_t, 4>{0, 0, 0, 0}, {1, 0, 0, 0}, {0xc3, 3, 0, 0}, {0xff, 0xff, 0xff, 0xff}}) {
    const Client client(endpoint_);
    client.send_bytes(prefix);
    EXPECT_TRUE(client.is_closed_within(10));
  }
  expect_service();
}

TEST_F(QuotingServerTest, SilentAndSlowPeersCostThemselves) {
  start({.connections = 500, .queue = 64, .time_limit = std::chrono::milliseconds(700)});
  std::vector<Client> peers;
  const Frame request = quote_request(5);
  for (int i = 0; i < 200; ++i) {
    peers.emplace_back(endpoint_);
    if (i % 2 == 1) peers.back().send_bytes(std::span(request).first(10));
  }
  expect_service();
  // A byte now and then does not prolong it.
  const Client dripping(endpoint_);
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < 60 && dripping.drip(request[i]); ++i) usleep(100'000);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(2500));
  for (const Client& peer : peers) EXPECT_TRUE(peer.is_closed_within(10));
  expect_service();
}

TEST_F(QuotingServerTest, APeerThatTakesNoAnswers) {
  start({.connections = 100, .queue = 64, .time_limit = std::chrono::milliseconds(500)});
  const Client greedy(endpoint_);
  // Requests without end whose answers nobody reads; the server stops reading, and closes.
  const Frame request = quote_request(5);
  expect_service();
  for (int i = 0; i < 100; ++i) greedy.send_bytes(request);
  expect_service();
}

TEST_F(QuotingServerTest, TheQueueIsBounded) {
  start({.connections = 100, .queue = 3, .time_limit = std::chrono::milliseconds(5000)});
  quoting_.set_open(false);
  std::vector<Client> waiting;
  for (std::uint8_t i = 0; i < 3; ++i) {
    waiting.emplace_back(endpoint_);
    waiting.back().send_bytes(quote_request(10 + i));
  }
  usleep(200'000);  // they are in the queue
  const Client late(endpoint_);
  late.send_bytes(quote_request(99));
  EXPECT_EQ(error_in(late.receive()), ErrorCode::busy);
  quoting_.set_open(true);
  for (std::uint8_t i = 0; i < 3; ++i) EXPECT_EQ(quoted(waiting[i].receive()), 10 + i);
  late.send_bytes(quote_request(99));
  EXPECT_EQ(quoted(late.receive()), 99);
}

TEST_F(QuotingServerTest, ConnectionsAreBounded) {
  start({.connections = 5, .queue = 3, .time_limit = std::chrono::milliseconds(1000)});
  std::vector<Client> peers;
  for (int i = 0; i < 5; ++i) peers.emplace_back(endpoint_);
  usleep(100'000);
  const Client refused(endpoint_);
  EXPECT_TRUE(refused.is_closed_within(10));
  for (const Client& peer : peers) EXPECT_TRUE(peer.is_closed_within(10));
  expect_service();
}

TEST_F(QuotingServerTest, AskersThatLeaveTheirQuotes) {
  start({});
  quoting_.set_open(false);
  for (int i = 0; i < 10; ++i) Client(endpoint_).send_bytes(quote_request(5));
  quoting_.set_open(true);
  expect_service();
}

TEST(ListenAt, ATakenPortIsNamed) {
  boost::asio::io_context io;
  std::string problem;
  const Endpoint any{.is_v6 = false, .address = {127, 0, 0, 1}, .port = 0};
  const auto first = listen_at(io, any, problem);
  ASSERT_TRUE(first.ok());
  const Endpoint taken = local_endpoint(first.value());
  EXPECT_FALSE(listen_at(io, taken, problem).ok());
  EXPECT_EQ(problem, to_text(taken) + ": Address already in use");
}
}  // namespace cloister::las
