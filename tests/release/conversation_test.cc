// SPDX-License-Identifier: Apache-2.0
// The enclave's side against a CAS that behaves, and one that does not: outside an enclave, over a socket.
#include "src/enclave/configure/conversation.h"
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include "abi/sgx/report.h"
#include "tests/release/cas_stand_in.h"

namespace cloister::testing {
namespace {
using configure::Conversation;
using configure::TlsConnection;
using Clock = std::chrono::steady_clock;

class Socket final : public configure::ByteStream {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() override { close(descriptor_); }
  Result<std::size_t> read_some(std::span<std::uint8_t> to) override {
    pollfd entry{descriptor_, POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now()).count();
    if (poll(&entry, 1, static_cast<int>(std::max<long>(left, 0))) == 0) return Error::from_errno(ETIMEDOUT);
    const ssize_t got = read(descriptor_, to.data(), to.size());
    if (got < 0) return Error::from_errno(errno);
    return static_cast<std::size_t>(got);
  }
  Result<void> write_all(std::span<const std::uint8_t> from) override {
    if (send(descriptor_, from.data(), from.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(from.size()))
      return Error::from_errno(errno);
    return {};
  }
  void set_patience(std::uint64_t nanoseconds) override { end_ = Clock::now() + std::chrono::nanoseconds(nanoseconds); }

 private:
  const int descriptor_;
  Clock::time_point end_ = Clock::now() + std::chrono::seconds(5);
};

release::Configuration small_configuration() {
  release::Configuration configuration;
  configuration.arguments.resize(1);
  configuration.arguments[0].emplace_back(secret_from("program"));
  configuration.working_directory = "/";
  return configuration;
}

struct Outcome {
  Seen seen;
  std::string error;  // of the conversation; empty: it came to an answer
  int error_number = 0;
  std::optional<Conversation::Answer> answer;
  std::string exit_error;
  Clock::duration took{};
};

// What a quoting enclave would make: only what the stand-in looks at.
Result<std::vector<std::uint8_t>> quote_of(const release::ReportData& data, const release::ConfigId& config_id) {
  sgx::ReportBody body{};
  std::copy(data.begin(), data.end(), body.reportdata);
  std::copy(config_id.begin(), config_id.end(), body.configid);
  std::vector<std::uint8_t> quote(48 + sizeof body + 100);
  std::memcpy(quote.data() + 48, &body, sizeof body);
  return quote;
}

Outcome talk(const std::string& mode, const release::Digest* pinned = nullptr) {
  static CasStandIn cas;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  Outcome outcome;
  std::thread server([&] { outcome.seen = cas.serve(ends[0], mode, small_configuration()); });
  const auto begin = Clock::now();
  const auto failed = [&](const Error& error) {
    outcome.error = *error.what() != '\0' ? error.what() : std::strerror(error.errno_value());
    outcome.error_number = error.errno_value();
  };
  {
    auto connection =
        TlsConnection::connect(std::make_unique<Socket>(ends[1]), pinned != nullptr ? *pinned : cas.key_hash());
    if (!connection.ok()) {
      failed(connection.error());
    } else {
      Conversation::Patience patience{500'000'000, 500'000'000, 500'000'000};
      Conversation conversation(std::move(connection).take(), patience);
      auto answer = conversation.attest("shop/web", [&](const release::ReportData& data) {
        // CAS has time to say what it should not.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return quote_of(data, release::configured_enclave_id(cas.key_hash(), "shop/web"));
      });
      if (answer.ok())
        outcome.answer = std::move(answer).take();
      else
        failed(answer.error());
      if (outcome.answer && std::holds_alternative<release::Configuration>(*outcome.answer)) {
        const auto exit = conversation.report_exit({release::Exit::Kind::exited, 3, "done"});
        if (!exit.ok()) outcome.exit_error = *exit.error().what() != '\0' ? exit.error().what() : "error";
      }
    }
    outcome.took = Clock::now() - begin;
  }
  server.join();
  return outcome;
}
}  // namespace

TEST(Conversation, BringsTheConfiguration) {
  const Outcome outcome = talk("grant");
  EXPECT_EQ(outcome.error, "");
  ASSERT_TRUE(outcome.answer);
  const auto* configuration = std::get_if<release::Configuration>(&*outcome.answer);
  ASSERT_NE(configuration, nullptr);
  EXPECT_EQ(text_of(std::get<SecretBytes>(configuration->arguments[0][0])), "program");
  EXPECT_EQ(outcome.seen.config_id, "shop/web");
  EXPECT_TRUE(outcome.seen.report_data_holds);
  EXPECT_TRUE(outcome.seen.config_id_holds);
  ASSERT_TRUE(outcome.seen.exit);
  EXPECT_EQ(outcome.seen.exit->value, 3U);
  EXPECT_EQ(outcome.exit_error, "");
  EXPECT_EQ(outcome.seen.ended, "whole");
}

TEST(Conversation, BringsARefusal) {
  for (const char* mode : {"deny-1", "deny-2", "deny-3"}) {
    const Outcome outcome = talk(mode);
    ASSERT_TRUE(outcome.answer) << outcome.error;
    const auto* deny = std::get_if<release::Deny>(&*outcome.answer);
    ASSERT_NE(deny, nullptr);
    EXPECT_EQ(deny->reference, "7f3a-12");
  }
}

TEST(Conversation, AnotherKeyIsRefused) {
  release::Digest other{};
  const Outcome outcome = talk("grant", &other);
  EXPECT_EQ(outcome.error_number, EKEYREJECTED);
  EXPECT_EQ(outcome.seen.ended, "handshake");
}

TEST(Conversation, EveryMisbehaviourEndsItWithItsCause) {
  const std::pair<const char*, const char*> expected[] = {{"tls12", "alert"},
                                                          {"no-alpn", "cloister-cas/1"},
                                                          {"ticket", "session ticket"},
                                                          {"certificate-request", ""},
                                                          {"rsa", ""},
                                                          {"order", "CHALLENGE: another type"},
                                                          {"early-grant", "before it had the evidence"},
                                                          {"oversize", "larger than allowed"},
                                                          {"empty-frame", "frame: empty"},
                                                          {"silence", "timed out"},
                                                          {"close", "closed"},
                                                          {"bad-audit", "not signed"},
                                                          {"bad-format", "not offered"},
                                                          {"extra", "after GRANT"},
                                                          {"grant-garbage", "GRANT: "},
                                                          {"grant-cut", "closed"},
                                                          {"grant-too-long", "larger than allowed"},
                                                          {"unknown-type", "GRANT: another type"}};
  for (const auto& [mode, cause] : expected) {
    const Outcome outcome = talk(mode);
    EXPECT_FALSE(outcome.answer) << mode;
    EXPECT_NE(outcome.error, "") << mode;
    EXPECT_NE(outcome.error.find(cause), std::string::npos) << mode << ": " << outcome.error;
    EXPECT_LT(outcome.took, std::chrono::seconds(4)) << mode;
  }
}

TEST(Conversation, AnAuditLogThatGoesBackIsNoticedAtTheEnd) {
  EXPECT_EQ(talk("noted-back").exit_error, "NOTED: the audit log has gone back");
  EXPECT_EQ(talk("noted-forged").exit_error, "the head of the audit log is not signed by the audit key");
}
}  // namespace cloister::testing
