// SPDX-License-Identifier: Apache-2.0
// What an enclave and the local attestation service (LAS) say to each other: docs/las.md has the bytes. Both sides,
// also compiled into the enclave; pure functions over bytes, bounded, no exceptions. Either side takes the other for
// hostile.
//
//   frame   u32 size of what follows | u8 version | u8 type | body
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>
#include "abi/sgx/report.h"
#include "src/base/result.h"

namespace cloister::las {

inline constexpr std::uint8_t kProtocolVersion = 1;
inline constexpr std::size_t kPrefixSize = 4;
inline constexpr std::size_t kHeaderSize = 2;  // version and type
inline constexpr std::size_t kQuoteLimit = 64 * 1024;
inline constexpr std::size_t kErrorTextLimit = 200;
inline constexpr std::size_t kNonceSize = 16;

enum class MessageType : std::uint8_t {
  target_info_request = 1,
  quote_request = 2,
  target_info = 0x81,
  quote = 0x82,
  error = 0xff,
};

// The enclave looks at the number alone.
enum class ErrorCode : std::uint16_t {
  bad_request = 1,     // not a message of this protocol and version
  invalid_report = 2,  // not made on this platform for the TARGETINFO that was given out
  busy = 3,            // the queue is full; later it may be free
  unavailable = 4,     // quoting does not work here at the moment
};
// Such as "invalid_report"; a text for every number.
const char* name(ErrorCode code);

struct TargetInfoRequest {};
// With a nonce and a TARGETINFO of its own the asker gets a report of the quoting enclave for it, whose REPORTDATA is
// SHA-256(nonce, quote) and 32 zeros.
struct QeReportRequest {
  std::array<std::uint8_t, kNonceSize> nonce;
  sgx::Targetinfo target;
};
struct QuoteRequest {
  sgx::Report report;
  std::optional<QeReportRequest> qe_report_request;
};
using Request = std::variant<TargetInfoRequest, QuoteRequest>;

struct TargetInfoAnswer {
  sgx::Targetinfo target;
  std::uint32_t quote_size;  // bytes of the quotes to come
};
struct QuoteAnswer {
  std::vector<std::uint8_t> quote;
  std::optional<sgx::Report> qe_report;
};
struct ErrorAnswer {
  ErrorCode code;
  std::string_view text;  // printable ASCII; a view into what was parsed
};
using Answer = std::variant<TargetInfoAnswer, QuoteAnswer, ErrorAnswer>;

// Sizes that a frame's prefix may give.
inline constexpr std::size_t kRequestLimit = kHeaderSize + sizeof(sgx::Report) + kNonceSize + sizeof(sgx::Targetinfo);
inline constexpr std::size_t kAnswerLimit = kHeaderSize + 4 + kQuoteLimit + sizeof(sgx::Report);
// Size of what follows the prefix; Errc::invalid below kHeaderSize or above `limit`.
Result<std::size_t> frame_size(std::span<const std::uint8_t, kPrefixSize> prefix, std::size_t limit);

// `frame` is what follows the prefix. Every message has one encoding: other sizes, versions and types are
// Errc::invalid.
Result<Request> parse_request(std::span<const std::uint8_t> frame);
Result<Answer> parse_answer(std::span<const std::uint8_t> frame);

// Whole frames with their prefix. A text that is too long is cut, what is not printable in it becomes '?'.
std::vector<std::uint8_t> encode(const Request& request);
std::vector<std::uint8_t> encode(const Answer& answer);

}  // namespace cloister::las
