// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/attest/quote.h"
#include <string.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include "src/dcap/quote.h"
#include "src/enclave/attest/leaves.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/host_strings.h"
#include "src/las/messages.h"
#include "src/sgx/measurement.h"
#include "src/sgx/report.h"

namespace cloister::attest {
namespace {
constexpr std::uint64_t kTimeLimit = 10'000'000'000;
using Nonce = std::array<std::uint8_t, las::kNonceSize>;

Error bad(const char* why) { return Error::from_errno(EBADMSG, why); }

Error refusal(las::ErrorCode code) {
  if (code == las::ErrorCode::busy) return Error::from_errno(EBUSY, "it is busy");
  if (code == las::ErrorCode::invalid_report)
    return Error::from_errno(EREMOTEIO, "it refuses the report; is it of another machine or simulation?");
  return Error::from_errno(EREMOTEIO, code == las::ErrorCode::unavailable ? "quoting does not work there at the moment"
                                                                          : "it refuses the request");
}

// One exchange; the answer must be of the kind that belongs to the request.
template <typename Wanted>
Result<Wanted> ask(HostStream& stream, const las::Request& request) {
  TRY(stream.write_all(las::encode(request)));
  std::array<std::uint8_t, las::kPrefixSize> prefix;
  TRY(stream.read_exactly(prefix));
  const auto size = las::frame_size(prefix, las::kAnswerLimit);
  if (!size.ok()) return Error::from_errno(EPROTO, "what it says is no message of the LAS protocol");
  std::vector<std::uint8_t> frame(size.value());
  TRY(stream.read_exactly(frame));
  auto answer = las::parse_answer(frame);
  if (!answer.ok()) return Error::from_errno(EPROTO, "what it says is no message of the LAS protocol");
  if (const auto* error = std::get_if<las::ErrorAnswer>(&answer.value())) return refusal(error->code);
  auto* const wanted = std::get_if<Wanted>(&answer.value());
  if (wanted == nullptr) return Error::from_errno(EPROTO, "it answers another request");
  return std::move(*wanted);
}

// The REPORT of an enclave on this machine for this one.
Result<bool> was_made_for_us(const sgx::Report& report) {
  sgx::Keyrequest request{};
  request.keyname = static_cast<std::uint16_t>(sgx::KeyName::report);
  std::memcpy(request.keyid, report.keyid, sizeof request.keyid);
  sgx::Key128 key = TRY(get_key(request));
  const bool holds = sgx::check_report(report, key);
  explicit_bzero(key.data(), key.size());
  return holds;
}

ReportData bound_to(const Nonce& nonce, std::span<const std::uint8_t> quote) {
  std::vector<std::uint8_t> bytes(nonce.begin(), nonce.end());
  bytes.insert(bytes.end(), quote.begin(), quote.end());
  ReportData data{};
  std::ranges::copy(sgx::sha256(bytes), data.begin());
  return data;
}

// Host may: give the quote of another enclave, of another time, a changed one, one from elsewhere.
Result<void> check(const las::QuoteAnswer& answer, const sgx::Report& own, const sgx::Targetinfo& quoting,
                   const Nonce& nonce) {
  const auto quote = dcap::parse_quote(answer.quote);
  if (!quote.ok() || quote.value().whole.size() != answer.quote.size()) return bad("what it sent is no quote");
  const auto* const body = std::get_if<sgx::ReportBody>(&quote.value().body);
  if (body == nullptr || std::memcmp(body, &own.body, sizeof *body) != 0)
    return bad("the quote that it sent is over another report");
  if (!answer.qe_report) return bad("its quoting enclave does not vouch for the quote");
  const sgx::ReportBody& vouched = answer.qe_report->body;
  if (!TRY(was_made_for_us(*answer.qe_report)))
    return bad("the report of its quoting enclave was not made on this machine for this enclave");
  if (std::memcmp(vouched.reportdata, bound_to(nonce, answer.quote).data(), sizeof vouched.reportdata) != 0)
    return bad("the report of its quoting enclave is not about this quote");
  const sgx::Targetinfo voucher = sgx::targetinfo_of(vouched);
  if (std::memcmp(&voucher, &quoting, sizeof voucher) != 0 ||
      std::memcmp(vouched.mrenclave, quote.value().qe_report.mrenclave, sizeof vouched.mrenclave) != 0)
    return bad("the quote is of another quoting enclave than the report was made for");
  return {};
}

Result<std::vector<std::uint8_t>> fetch(const Endpoint& service, const ReportData& data, OnSignal on_signal) {
  auto stream = TRY(HostStream::connect(service, core::monotonic_now() + kTimeLimit, on_signal));
  const auto quoting = TRY(ask<las::TargetInfoAnswer>(stream, las::TargetInfoRequest{}));
  const sgx::Report own = make_report(quoting.target, data);
  las::QeReportRequest vouching{{}, sgx::targetinfo_of(own.body)};
  core::random_bytes(vouching.nonce.data(), vouching.nonce.size());
  auto answer = TRY(ask<las::QuoteAnswer>(stream, las::QuoteRequest{own, vouching}));
  TRY(check(answer, own, quoting.target, vouching.nonce));
  return std::move(answer.quote);
}

const char* cause_of(const Error& error) {
  if (*error.what() != '\0') return error.what();
  switch (error.errno_value()) {
    case ETIMEDOUT: return "it does not answer";
    case ECONNREFUSED: return "nobody listens there; start `cloister las serve`";
    case ECONNRESET: return "it closed the connection";
    default: return strerrordesc_np(error.errno_value());
  }
}

void complain(const std::string& service, const Error& error) {
  static std::atomic<const char*> last{nullptr};
  const char* const cause = cause_of(error);
  if (last.exchange(cause) == cause) return;
  const std::string line = "cloister: no quote from the quoting service at " + service + ": " + cause + "\n";
  core::print_to_host(core::PrintStream::error, line.data(), line.size());
}
}  // namespace

bool has_quoting_service() { return parse_endpoint(kernel::host_setting("las")).ok(); }

Result<std::vector<std::uint8_t>> quote_for(const ReportData& data, OnSignal on_signal) {
  const auto service = parse_endpoint(kernel::host_setting("las"));
  if (!service.ok()) return Error::from_errno(ENODEV, "no quoting service is named (--las)");
  auto quote = fetch(service.value(), data, on_signal);
  if (!quote.ok() && quote.error().errno_value() != EINTR) complain(to_text(service.value()), quote.error());
  return quote;
}

}  // namespace cloister::attest
