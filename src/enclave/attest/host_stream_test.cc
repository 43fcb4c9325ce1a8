// SPDX-License-Identifier: Apache-2.0
// The runtime's own connections against peers and a host that misbehave.
#include "src/enclave/attest/host_stream.h"
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <thread>
#include <vector>
#include "src/enclave/core/clock.h"
#include "src/enclave/net/testing/host_harness.h"

namespace cloister::attest {
namespace {
using ::testing::ExitedWithCode;
using testing::host_hook;
using testing::HostBlockView;

constexpr std::uint64_t kMillisecond = 1'000'000;
std::uint64_t in(std::uint64_t milliseconds) { return core::monotonic_now() + milliseconds * kMillisecond; }

// A listener of the loopback interface, with what its first connection does in a thread of its own.
class Peer {
 public:
  template <typename Serve>
  explicit Peer(Serve serve) : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    endpoint = {.is_v6 = false, .address = {127, 0, 0, 1}, .port = ntohs(address.sin_port)};
    thread_ = std::thread([this, serve] {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      serve(connection);
      close(connection);
    });
  }
  ~Peer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  Endpoint endpoint;

 private:
  int listener_;
  std::thread thread_;
};

class HostStreamTest : public ::testing::Test {
 protected:
  HostStreamTest() { testing::current_task(); }
  ~HostStreamTest() override { host_hook = nullptr; }
};

void echo(int connection) {
  std::uint8_t bytes[4096];
  for (ssize_t got; (got = read(connection, bytes, sizeof bytes)) > 0;)
    for (ssize_t done = 0; done < got;) done += write(connection, bytes + done, static_cast<std::size_t>(got - done));
}
void stay_silent(int connection) {
  std::uint8_t byte;
  while (read(connection, &byte, 1) > 0) {
  }
}

TEST_F(HostStreamTest, CarriesBytesBothWays) {
  const Peer peer(echo);
  auto stream = HostStream::connect(peer.endpoint, in(20'000), OnSignal::interrupt);
  ASSERT_TRUE(stream.ok());
  std::vector<std::uint8_t> sent(200'001), got(sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::uint8_t>(i * 7 >> 3);
  // In pieces, since the peer answers before it has all.
  for (std::size_t done = 0; done < sent.size();) {
    const std::size_t part = std::min<std::size_t>(10'000, sent.size() - done);
    ASSERT_TRUE(stream.value().write_all(std::span(sent).subspan(done, part)).ok());
    ASSERT_TRUE(stream.value().read_exactly(std::span(got).subspan(done, part)).ok());
    done += part;
  }
  EXPECT_EQ(got, sent);
}

TEST_F(HostStreamTest, NobodyListens) {
  Endpoint nobody;
  {
    const Peer peer([](int) {});
    nobody = peer.endpoint;
  }
  const auto stream = HostStream::connect(nobody, in(20'000), OnSignal::interrupt);
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error().errno_value(), ECONNREFUSED);
}

TEST_F(HostStreamTest, SilenceEndsAtTheDeadline) {
  const Peer peer(stay_silent);
  for (const OnSignal on_signal : {OnSignal::interrupt, OnSignal::keep_waiting}) {
    auto stream = HostStream::connect(peer.endpoint, in(100), on_signal);
    ASSERT_TRUE(stream.ok());
    std::uint8_t byte;
    const auto got = stream.value().read_some({&byte, 1});
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().errno_value(), ETIMEDOUT);
  }
}

TEST_F(HostStreamTest, APeerThatReadsNothing) {
  std::atomic<bool> done{false};
  const Peer peer([&done](int) {
    while (!done) usleep(1000);
  });
  auto stream = HostStream::connect(peer.endpoint, in(300), OnSignal::interrupt);
  ASSERT_TRUE(stream.ok());
  const std::vector<std::uint8_t> much(64 << 20);
  const auto sent = stream.value().write_all(much);
  done = true;
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().errno_value(), ETIMEDOUT);
}

TEST_F(HostStreamTest, AClosedConnectionIsNoData) {
  const Peer peer([](int connection) { EXPECT_EQ(write(connection, "abc", 3), 3); });
  auto stream = HostStream::connect(peer.endpoint, in(20'000), OnSignal::interrupt);
  ASSERT_TRUE(stream.ok());
  std::uint8_t bytes[4];
  const auto got = stream.value().read_exactly(bytes);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().errno_value(), ECONNRESET);
  EXPECT_EQ(stream.value().read_some(bytes).take(), 0u);
}

TEST_F(HostStreamTest, WorkInterruptsOnlyWhenAsked) {
  const Peer peer(stay_silent);
  auto* const thread = core::current_thread();
  thread->work = 1;
  for (const auto& [on_signal, expected] :
       {std::pair{OnSignal::interrupt, EINTR}, std::pair{OnSignal::keep_waiting, ETIMEDOUT}}) {
    auto stream = HostStream::connect(peer.endpoint, in(100), OnSignal::keep_waiting);
    ASSERT_TRUE(stream.ok());
    auto impatient = HostStream::connect(peer.endpoint, in(100), on_signal);
    std::uint8_t byte;
    const auto got = impatient.ok() ? impatient.value().read_some({&byte, 1}) : Result<std::size_t>(impatient.error());
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().errno_value(), expected);
  }
  thread->work = 0;
}

TEST_F(HostStreamTest, HostThatNeverLetsGo) {
  const Peer peer(stay_silent);
  auto stream = HostStream::connect(peer.endpoint, in(100), OnSignal::interrupt);
  ASSERT_TRUE(stream.ok());
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_ppoll) *block.result = 1;  // always ready
    if (block.number == SYS_sendto) *block.result = 0;
  };
  std::uint8_t byte = 0;
  EXPECT_EQ(stream.value().read_some({&byte, 1}).error().errno_value(), ETIMEDOUT);
  EXPECT_EQ(stream.value().write_all({&byte, 1}).error().errno_value(), ETIMEDOUT);
}

TEST_F(HostStreamTest, HostThatGivesMoreThanAsked) {
  const Peer peer(echo);
  auto stream = HostStream::connect(peer.endpoint, in(20'000), OnSignal::interrupt);
  ASSERT_TRUE(stream.ok());
  std::uint8_t byte = 1;
  ASSERT_TRUE(stream.value().write_all({&byte, 1}).ok());
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_recvfrom) *block.result = 2;
  };
  EXPECT_EXIT((void)stream.value().read_some({&byte, 1}).ok(), ExitedWithCode(120), "host lied in recvfrom");
}

TEST_F(HostStreamTest, HostThatClaimsAConnection) {
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_connect) *block.result = 0;
  };
  auto stream = HostStream::connect({.address = {127, 0, 0, 1}, .port = 1}, in(20'000), OnSignal::interrupt);
  ASSERT_TRUE(stream.ok());
  host_hook = nullptr;
  std::uint8_t byte = 0;
  EXPECT_FALSE(stream.value().read_some({&byte, 1}).ok());
}
}  // namespace
}  // namespace cloister::attest
