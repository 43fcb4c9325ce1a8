// SPDX-License-Identifier: Apache-2.0
// Quotes from a service that lies. The processor is the simulation's functions, the host is this process.
#include "src/enclave/attest/quote.h"
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <functional>
#include <thread>
#include "abi/evidence_label.h"
#include "src/dcap/simulation/world_for_test.h"
#include "src/enclave/attest/leaves.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/host_strings.h"
#include "src/enclave/net/testing/host_harness.h"
#include "src/las/messages.h"

namespace cloister {
namespace {
using dcap::simulation::World;

std::string las_setting, printed;
const World& world() {
  static const World* const only = new World;
  return *only;
}
sgx::Secs own_secs() {
  sgx::Secs secs{};
  secs.attributes = {sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss, sgx::kXfrmLegacy};
  secs.mrenclave[0] = 0xee;
  secs.configid[5] = 7;
  return secs;
}
}  // namespace

std::string kernel::host_setting(std::string_view name) { return name == "las" ? las_setting : ""; }
void core::random_bytes(void* to, std::size_t size) { ASSERT_EQ(getrandom(to, size, 0), static_cast<ssize_t>(size)); }
sgx::Report attest::make_report(const sgx::Targetinfo& target, std::span<const std::uint8_t, 64> data) {
  return sgx::ereport(world().platform, own_secs(), target, data);
}
Result<sgx::Key128> attest::get_key(const sgx::Keyrequest& request) {
  const sgx::KeyOutcome outcome = sgx::egetkey(world().platform, own_secs(), request);
  if (outcome.general_protection || outcome.error != sgx::ErrorCode::success) return Error::from_errno(EINVAL);
  return outcome.key;
}

namespace attest {
namespace {
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

constexpr ReportData kData{1, 2, 3};

class QuoteTest : public ::testing::Test {
 protected:
  QuoteTest() {
    testing::current_task();
    printed.clear();
    testing::host_hook = [](const testing::HostBlockView& block) {
      if (block.number != static_cast<std::uint64_t>(HostService::print)) return;
      printed.append(reinterpret_cast<const char*>(core::bounce_buffer().word()), block.arguments[0]);
      *block.result = 0;
    };
  }
  ~QuoteTest() override {
    testing::host_hook = nullptr;
    las_setting.clear();
  }
  static int outcome() {
    const auto quote = quote_for(kData, OnSignal::interrupt);
    return quote.ok() ? 0 : quote.error().errno_value();
  }
};

TEST_F(QuoteTest, OverOurReportAndVerifiable) {
  const FakeLas service;
  EXPECT_TRUE(has_quoting_service());
  const auto bytes = quote_for(kData, OnSignal::keep_waiting);
  ASSERT_TRUE(bytes.ok()) << bytes.error().what();
  dcap::Cache cache;
  const auto judged = dcap::simulation::judge(bytes.value(), world().files(), world().anchor(), world().now, cache);
  ASSERT_TRUE(judged.verified.has_value());
  const auto& body = std::get<sgx::ReportBody>(judged.verified->body());
  EXPECT_TRUE(std::ranges::equal(body.reportdata, kData));
  EXPECT_EQ(body.mrenclave[0], 0xee);
  EXPECT_EQ(body.configid[5], 7);
  EXPECT_EQ(printed, "");
}

TEST_F(QuoteTest, NoServiceIsNamed) {
  EXPECT_FALSE(has_quoting_service());
  EXPECT_EQ(outcome(), ENODEV);
  las_setting = "localhost:18766";
  EXPECT_FALSE(has_quoting_service());
  EXPECT_EQ(outcome(), ENODEV);
  EXPECT_EQ(printed, "");
}

TEST_F(QuoteTest, NobodyThere) {
  { const FakeLas service; }
  EXPECT_EQ(outcome(), ECONNREFUSED);
  EXPECT_EQ(outcome(), ECONNREFUSED);  // and not another line
  EXPECT_EQ(printed, "cloister: no quote from the quoting service at " + las_setting +
                         ": nobody listens there; start `cloister las serve`\n");
}

TEST_F(QuoteTest, EveryBitOfTheAnswerCounts) {
  FakeLas service;
  std::size_t flip = 0;
  service.on_quote = [&](las::QuoteAnswer& answer, const las::QuoteRequest&) {
    answer.quote[flip % answer.quote.size()] ^= 1 << flip % 8;
  };
  for (flip = 0; flip < service.enclave().quote_size(); flip += 37) EXPECT_EQ(outcome(), EBADMSG) << flip;
  service.on_quote = [&](las::QuoteAnswer& answer, const las::QuoteRequest&) {
    reinterpret_cast<std::uint8_t*>(&*answer.qe_report)[flip] ^= 1 << flip % 8;
  };
  for (flip = 0; flip < sizeof(sgx::Report); flip += 5) EXPECT_EQ(outcome(), EBADMSG) << flip;
}

TEST_F(QuoteTest, AnotherEnclavesQuote) {
  FakeLas service;
  service.on_quote = [&](las::QuoteAnswer& answer, const las::QuoteRequest& request) {
    answer.quote = service.enclave().quote(world().report(service.enclave().targetinfo())).take();
    answer.qe_report =
        service.enclave().certify(request.qe_report_request->nonce, answer.quote, request.qe_report_request->target);
  };
  EXPECT_EQ(outcome(), EBADMSG);
  EXPECT_NE(printed.find("is over another report"), std::string::npos) << printed;
}

// Everything of it was right, once.
TEST_F(QuoteTest, AnEarlierAnswer) {
  FakeLas service;
  std::optional<las::QuoteAnswer> first;
  service.on_quote = [&](las::QuoteAnswer& answer, const las::QuoteRequest&) {
    if (!first) first = answer;
    answer = *first;
  };
  EXPECT_EQ(outcome(), 0);
  EXPECT_EQ(outcome(), EBADMSG);
  EXPECT_NE(printed.find("is not about this quote"), std::string::npos) << printed;
}

TEST_F(QuoteTest, NobodyVouches) {
  FakeLas service;
  service.on_quote = [](las::QuoteAnswer& answer, const las::QuoteRequest&) { answer.qe_report.reset(); };
  EXPECT_EQ(outcome(), EBADMSG);
  EXPECT_NE(printed.find("does not vouch"), std::string::npos) << printed;
}

TEST_F(QuoteTest, VouchedForSomebodyElse) {
  FakeLas service;
  service.on_quote = [&](las::QuoteAnswer& answer, const las::QuoteRequest& request) {
    sgx::Targetinfo other = request.qe_report_request->target;
    other.measurement[0] ^= 1;
    answer.qe_report = service.enclave().certify(request.qe_report_request->nonce, answer.quote, other);
  };
  EXPECT_EQ(outcome(), EBADMSG);
  EXPECT_NE(printed.find("for this enclave"), std::string::npos) << printed;
}

// Any enclave of this machine can make a report for ours; this one is not whom the report was made for.
TEST_F(QuoteTest, VouchedByAnotherEnclave) {
  FakeLas service;
  service.on_quote = [&](las::QuoteAnswer& answer, const las::QuoteRequest& request) {
    ReportData data{};
    Frame bound(request.qe_report_request->nonce.begin(), request.qe_report_request->nonce.end());
    bound.insert(bound.end(), answer.quote.begin(), answer.quote.end());
    std::ranges::copy(sgx::sha256(bound), data.begin());
    sgx::Secs other = own_secs();
    other.mrenclave[0] = 0xab;
    answer.qe_report = sgx::ereport(world().platform, other, request.qe_report_request->target, data);
  };
  EXPECT_EQ(outcome(), EBADMSG);
  EXPECT_NE(printed.find("another quoting enclave"), std::string::npos) << printed;
}

TEST_F(QuoteTest, TargetinfoOfAnotherEnclave) {
  FakeLas service;
  service.on_target = [](las::TargetInfoAnswer& answer) { answer.target.measurement[3] ^= 4; };
  EXPECT_EQ(outcome(), EREMOTEIO);
  EXPECT_NE(printed.find("refuses the report"), std::string::npos) << printed;
}

TEST_F(QuoteTest, PaddingIsNoPartOfAQuote) {
  FakeLas service;
  service.on_quote = [&](las::QuoteAnswer& answer, const las::QuoteRequest& request) {
    answer.quote.resize(answer.quote.size() + 100);
    answer.qe_report =
        service.enclave().certify(request.qe_report_request->nonce, answer.quote, request.qe_report_request->target);
  };
  EXPECT_EQ(outcome(), EBADMSG);
}

TEST_F(QuoteTest, WhatIsNoMessage) {
  FakeLas service;
  const std::pair<const char*, std::function<void(Frame&)>> kCases[] = {
      {"version", [](Frame& frame) { frame[4] = 9; }},
      {"type", [](Frame& frame) { frame[5] = 2; }},
      {"size beyond the limit", [](Frame& frame) { frame[3] = 0x7f; }},
      {"size of nothing", [](Frame& frame) { frame[0] = frame[1] = 0; }},
      {"the other answer",
       [](Frame& frame) {
         frame = las::encode(las::Answer(las::QuoteAnswer{{1}, {}}));
       }},
  };
  for (const auto& [what, change] : kCases) {
    service.on_frame = change;
    EXPECT_EQ(outcome(), EPROTO) << what;
  }
  service.on_frame = [](Frame& frame) { frame.clear(); };  // and closes
  EXPECT_EQ(outcome(), ECONNRESET);
}

TEST_F(QuoteTest, Refusals) {
  FakeLas service;
  las::ErrorCode code{};
  service.on_frame = [&](Frame& frame) { frame = las::encode(las::Answer(las::ErrorAnswer{code, "\033[31m"})); };
  for (const auto& [given, expected] :
       {std::pair{las::ErrorCode::busy, EBUSY}, std::pair{las::ErrorCode::invalid_report, EREMOTEIO},
        std::pair{las::ErrorCode::unavailable, EREMOTEIO}, std::pair{las::ErrorCode::bad_request, EREMOTEIO},
        std::pair{static_cast<las::ErrorCode>(4711), EREMOTEIO}}) {
    code = given;
    EXPECT_EQ(outcome(), expected);
  }
  EXPECT_EQ(printed.find('\033'), std::string::npos) << "the service's own words are not repeated";
}

TEST(EvidenceLabel, IsWhatItSays) {
  constexpr std::string_view kText = "cloister-evidence-v1";
  EXPECT_TRUE(std::ranges::equal(sgx::sha256({reinterpret_cast<const std::uint8_t*>(kText.data()), kText.size()}),
                                 kEvidenceLabel));
}
}  // namespace
}  // namespace attest
}  // namespace cloister
