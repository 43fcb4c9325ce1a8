// SPDX-License-Identifier: Apache-2.0
#include "src/las/messages.h"
#include <algorithm>
#include <cstring>

namespace cloister::las {
namespace {
using Bytes = std::span<const std::uint8_t>;

constexpr char kNoMessage[] = "no message of the LAS protocol";

class Writer {
 public:
  explicit Writer(MessageType type) : frame_{0, 0, 0, 0, kProtocolVersion, static_cast<std::uint8_t>(type)} {}
  template <typename T>
  void put(const T& value) {
    put_bytes({reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }
  void put_bytes(Bytes bytes) { frame_.insert(frame_.end(), bytes.begin(), bytes.end()); }
  std::vector<std::uint8_t> finish() {
    const auto size = static_cast<std::uint32_t>(frame_.size() - kPrefixSize);
    std::memcpy(frame_.data(), &size, sizeof size);
    return std::move(frame_);
  }

 private:
  std::vector<std::uint8_t> frame_;
};

// Takes structures from the front. Whoever calls has compared the sizes.
template <typename T>
T take(Bytes& rest) {
  T value;
  std::memcpy(&value, rest.data(), sizeof value);
  rest = rest.subspan(sizeof value);
  return value;
}

char printable(char c) { return c >= ' ' && c < 127 ? c : '?'; }

struct Header {
  MessageType type;
  Bytes body;
};
Result<Header> parse_header(Bytes frame) {
  if (frame.size() < kHeaderSize || frame[0] != kProtocolVersion) return Error(Errc::invalid, kNoMessage);
  return Header{static_cast<MessageType>(frame[1]), frame.subspan(kHeaderSize)};
}

Result<Answer> parse_quote_answer(Bytes body) {
  if (body.size() < 4) return Error(Errc::invalid, kNoMessage);
  const auto size = take<std::uint32_t>(body);
  if (size > kQuoteLimit || size > body.size()) return Error(Errc::invalid, kNoMessage);
  QuoteAnswer answer{{body.begin(), body.begin() + size}, std::nullopt};
  body = body.subspan(size);
  if (body.size() == sizeof(sgx::Report))
    answer.qe_report = take<sgx::Report>(body);
  else if (!body.empty())
    return Error(Errc::invalid, kNoMessage);
  return Answer(std::move(answer));
}

Result<Answer> parse_error_answer(Bytes body) {
  if (body.size() < 2 || body.size() > 2 + kErrorTextLimit) return Error(Errc::invalid, kNoMessage);
  const auto code = static_cast<ErrorCode>(take<std::uint16_t>(body));
  const std::string_view text(reinterpret_cast<const char*>(body.data()), body.size());
  if (std::any_of(text.begin(), text.end(), [](char c) { return printable(c) != c; }))
    return Error(Errc::invalid, kNoMessage);
  return Answer(ErrorAnswer{code, text});
}
}  // namespace

const char* name(ErrorCode code) {
  switch (code) {
    case ErrorCode::bad_request: return "bad_request";
    case ErrorCode::invalid_report: return "invalid_report";
    case ErrorCode::busy: return "busy";
    case ErrorCode::unavailable: return "unavailable";
  }
  return "an unknown error";
}

Result<std::size_t> frame_size(std::span<const std::uint8_t, kPrefixSize> prefix, std::size_t limit) {
  std::uint32_t size;
  std::memcpy(&size, prefix.data(), sizeof size);
  if (size < kHeaderSize || size > limit) return Error(Errc::invalid, kNoMessage);
  return std::size_t{size};
}

Result<Request> parse_request(Bytes frame) {
  auto [type, body] = TRY(parse_header(frame));
  if (type == MessageType::target_info_request && body.empty()) return Request(TargetInfoRequest{});
  if (type != MessageType::quote_request) return Error(Errc::invalid, kNoMessage);
  const bool has_nonce = body.size() > sizeof(sgx::Report);
  if (body.size() != sizeof(sgx::Report) + (has_nonce ? kNonceSize + sizeof(sgx::Targetinfo) : 0))
    return Error(Errc::invalid, kNoMessage);
  QuoteRequest request{take<sgx::Report>(body), std::nullopt};
  if (has_nonce) {
    QeReportRequest wanted;
    wanted.nonce = take<std::array<std::uint8_t, kNonceSize>>(body);
    wanted.target = take<sgx::Targetinfo>(body);
    request.qe_report_request = wanted;
  }
  return Request(request);
}

Result<Answer> parse_answer(Bytes frame) {
  auto [type, body] = TRY(parse_header(frame));
  switch (type) {
    case MessageType::quote: return parse_quote_answer(body);
    case MessageType::error: return parse_error_answer(body);
    case MessageType::target_info: {
      if (body.size() != sizeof(sgx::Targetinfo) + 4) break;
      const auto target = take<sgx::Targetinfo>(body);
      return Answer(TargetInfoAnswer{target, take<std::uint32_t>(body)});
    }
    default: break;
  }
  return Error(Errc::invalid, kNoMessage);
}

std::vector<std::uint8_t> encode(const Request& request) {
  const auto* const quote = std::get_if<QuoteRequest>(&request);
  if (quote == nullptr) return Writer(MessageType::target_info_request).finish();
  Writer writer(MessageType::quote_request);
  writer.put(quote->report);
  if (quote->qe_report_request) {
    writer.put(quote->qe_report_request->nonce);
    writer.put(quote->qe_report_request->target);
  }
  return writer.finish();
}

std::vector<std::uint8_t> encode(const Answer& answer) {
  if (const auto* const target = std::get_if<TargetInfoAnswer>(&answer)) {
    Writer writer(MessageType::target_info);
    writer.put(target->target);
    writer.put(target->quote_size);
    return writer.finish();
  }
  if (const auto* const quote = std::get_if<QuoteAnswer>(&answer)) {
    Writer writer(MessageType::quote);
    writer.put(static_cast<std::uint32_t>(quote->quote.size()));
    writer.put_bytes(quote->quote);
    if (quote->qe_report) writer.put(*quote->qe_report);
    return writer.finish();
  }
  const auto& error = std::get<ErrorAnswer>(answer);
  Writer writer(MessageType::error);
  writer.put(error.code);
  for (const char c : error.text.substr(0, kErrorTextLimit)) writer.put(printable(c));
  return writer.finish();
}

}  // namespace cloister::las
