// SPDX-License-Identifier: Apache-2.0
// Quotes from a service that lies. The processor is the simulation's functions, the host is this process.
#include "src/enclave/attest/quote.h"
#include <gtest/gtest.h>
#include <sys/random.h>
#include <cerrno>
#include "abi/evidence_label.h"
#include "src/enclave/attest/fake_las_for_test.h"
#include "src/enclave/attest/leaves.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/host_strings.h"
#include "src/enclave/net/testing/host_harness.h"

namespace cloister {
namespace {
using attest::las_setting, attest::own_secs, attest::world;
std::string printed;
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

// Where a quote of version 3 has its quoting enclave's MRENCLAVE.
constexpr std::size_t kQeMrenclave = sizeof(dcap::QuoteHeader) + sizeof(sgx::ReportBody) + 4 + dcap::kSignatureSize +
                                     dcap::kPointSize + offsetof(sgx::ReportBody, mrenclave);

// A report for ours by an enclave that is no quoting enclave; any enclave of this machine can make one.
sgx::Report vouched_by(std::uint8_t mrenclave, const las::QuoteAnswer& answer, const las::QuoteRequest& request) {
  Frame bound(request.qe_report_request->nonce.begin(), request.qe_report_request->nonce.end());
  bound.insert(bound.end(), answer.quote.begin(), answer.quote.end());
  ReportData data{};
  std::ranges::copy(sgx::sha256(bound), data.begin());
  sgx::Secs other = own_secs();
  other.mrenclave[0] = mrenclave;
  return sgx::ereport(world().platform, other, request.qe_report_request->target, data);
}

TEST_F(QuoteTest, VouchedByAnotherEnclave) {
  FakeLas service;
  for (const bool quote_agrees : {false, true}) {
    service.on_quote = [&](las::QuoteAnswer& answer, const las::QuoteRequest& request) {
      if (quote_agrees) {
        std::fill_n(answer.quote.begin() + kQeMrenclave, 32, std::uint8_t{0});
        answer.quote[kQeMrenclave] = 0xab;
      }
      answer.qe_report = vouched_by(0xab, answer, request);
    };
    EXPECT_EQ(outcome(), EBADMSG) << quote_agrees;
  }
}

TEST_F(QuoteTest, QuoteOfAnotherQuotingEnclave) {
  FakeLas service;
  service.on_quote = [&](las::QuoteAnswer& answer, const las::QuoteRequest& request) {
    answer.quote[kQeMrenclave + 1] ^= 1;
    answer.qe_report =
        service.enclave().certify(request.qe_report_request->nonce, answer.quote, request.qe_report_request->target);
  };
  EXPECT_EQ(outcome(), EBADMSG);
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
