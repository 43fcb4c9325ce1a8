// SPDX-License-Identifier: Apache-2.0
// A quoting service of the simulation in a thread of the test, which may change its answers.
#pragma once
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <functional>
#include <string>
#include <thread>
#include "src/dcap/simulation/world_for_test.h"
#include "src/las/messages.h"

namespace cloister::attest {

inline std::string las_setting;  // what the host part says
inline const dcap::simulation::World& world() {
  static const auto* const only = new dcap::simulation::World;
  return *only;
}
// The enclave under test.
inline sgx::Secs own_secs() {
  sgx::Secs secs{};
  secs.attributes = {sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss, sgx::kXfrmLegacy};
  secs.mrenclave[0] = 0xee;
  secs.configid[5] = 7;
  return secs;
}

using Frame = std::vector<std::uint8_t>;

// Answers as an honest service would, but for what the test does to each answer.
class FakeLas {
 public:
  std::function<void(las::TargetInfoAnswer&)> on_target = [](las::TargetInfoAnswer&) {};
  std::function<void(las::QuoteAnswer&, const las::QuoteRequest&)> on_quote = [](las::QuoteAnswer&,
                                                                                 const las::QuoteRequest&) {};
  std::function<void(Frame&)> on_frame = [](Frame&) {};

  FakeLas() : enclave_(world().quoting_enclave()), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    las_setting = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { run(); });
  }
  ~FakeLas() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  const dcap::simulation::QuotingEnclave& enclave() const { return enclave_; }

 private:
  static bool read_all(int from, void* to, std::size_t size) {
    return size == 0 || recv(from, to, size, MSG_WAITALL) == static_cast<ssize_t>(size);
  }
  void run() {
    for (int connection; (connection = accept(listener_, nullptr, nullptr)) >= 0; close(connection)) {
      std::array<std::uint8_t, las::kPrefixSize> prefix;
      while (read_all(connection, prefix.data(), prefix.size())) {
        Frame frame(las::frame_size(prefix, las::kRequestLimit).take());
        if (!read_all(connection, frame.data(), frame.size())) break;
        Frame reply = las::encode(answer(las::parse_request(frame).take()));
        on_frame(reply);
        if (send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(reply.size())) break;
        if (reply.empty()) break;
      }
    }
  }
  las::Answer answer(const las::Request& request) {
    if (const auto* const wanted = std::get_if<las::QuoteRequest>(&request)) {
      auto quote = enclave_.quote(wanted->report);
      if (!quote.ok()) return las::ErrorAnswer{las::ErrorCode::invalid_report, quote.error().what()};
      las::QuoteAnswer result{std::move(quote).take(), std::nullopt};
      result.qe_report =
          enclave_.certify(wanted->qe_report_request->nonce, result.quote, wanted->qe_report_request->target);
      on_quote(result, *wanted);
      return result;
    }
    las::TargetInfoAnswer target{enclave_.targetinfo(), static_cast<std::uint32_t>(enclave_.quote_size())};
    on_target(target);
    return target;
  }

  const dcap::simulation::QuotingEnclave enclave_;
  int listener_;
  std::thread thread_;
};

}  // namespace cloister::attest
