// SPDX-License-Identifier: Apache-2.0
#include "src/las/messages.h"
#include <gtest/gtest.h>
#include <cstring>
#include <string>
#include "src/base/hex.h"

namespace cloister::las {
namespace {
using Frame = std::vector<std::uint8_t>;

template <typename T>
T filled(std::uint8_t from) {
  std::uint8_t bytes[sizeof(T)];
  for (std::size_t i = 0; i < sizeof bytes; ++i) bytes[i] = static_cast<std::uint8_t>(from + i * 3);
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}
QuoteRequest full_request() {
  QuoteRequest request{filled<sgx::Report>(1), QeReportRequest{{9, 8, 7}, filled<sgx::Targetinfo>(2)}};
  return request;
}
std::span<const std::uint8_t> body_of(const Frame& frame) { return std::span(frame).subspan(kPrefixSize); }
bool same_bytes(const Frame& a, const Frame& b) { return a == b; }

// Everything that parse_* accepts has one encoding; shorter, longer and changed frames are refused or mean something
// else.
template <typename Parse>
void expect_exact_sizes(const Frame& frame, Parse parse) {
  for (std::size_t size = 0; size < frame.size() - kPrefixSize; ++size) {
    const auto parsed = parse(body_of(frame).first(size));
    EXPECT_TRUE(!parsed.ok() || encode(parsed.value()) != frame) << size;
  }
  Frame longer = frame;
  longer.push_back(0);
  EXPECT_FALSE(parse(body_of(longer)).ok());
  Frame other = frame;
  other[kPrefixSize] ^= 2;
  EXPECT_FALSE(parse(body_of(other)).ok()) << "another version";
  other = frame;
  other[kPrefixSize + 1] = 0x40;
  EXPECT_FALSE(parse(body_of(other)).ok()) << "another type";
}
}  // namespace

TEST(LasMessages, Bytes) {
  EXPECT_EQ(to_hex(encode(Request(TargetInfoRequest{}))), "020000000101");
  const Frame request = encode(Request(full_request()));
  EXPECT_EQ(request.size(), kPrefixSize + kRequestLimit);
  EXPECT_EQ(to_hex(std::span(request).first(9)), "c20300000102010407");
  EXPECT_EQ(to_hex(encode(Answer(ErrorAnswer{ErrorCode::invalid_report, "no"}))), "0600000001ff02006e6f");
  EXPECT_EQ(to_hex(encode(Answer(QuoteAnswer{{1, 2, 3}, std::nullopt}))),
            "0900000001820300000001"
            "0203");
  const Frame target = encode(Answer(TargetInfoAnswer{filled<sgx::Targetinfo>(0), 0x1234}));
  EXPECT_EQ(to_hex(std::span(target).first(8)), "0602000001810003");
  EXPECT_EQ(to_hex(std::span(target).last(4)), "34120000");
}

TEST(LasMessages, RequestsComeBack) {
  for (const Request& request :
       {Request(TargetInfoRequest{}), Request(full_request()), Request(QuoteRequest{filled<sgx::Report>(5), {}})}) {
    const Frame frame = encode(request);
    EXPECT_EQ(frame_size(std::span<const std::uint8_t, 4>(frame.data(), 4), kRequestLimit).take(), frame.size() - 4);
    const auto parsed = parse_request(body_of(frame));
    ASSERT_TRUE(parsed.ok());
    EXPECT_PRED2(same_bytes, encode(parsed.value()), frame);
    expect_exact_sizes(frame, parse_request);
    EXPECT_FALSE(parse_answer(body_of(frame)).ok());
  }
}

TEST(LasMessages, AnswersComeBack) {
  const Frame quote(5000, 0x77);
  for (const Answer& answer :
       {Answer(TargetInfoAnswer{filled<sgx::Targetinfo>(7), 4711}), Answer(QuoteAnswer{quote, filled<sgx::Report>(9)}),
        Answer(QuoteAnswer{quote, std::nullopt}), Answer(QuoteAnswer{Frame(kQuoteLimit), filled<sgx::Report>(9)})}) {
    const Frame frame = encode(answer);
    EXPECT_EQ(frame_size(std::span<const std::uint8_t, 4>(frame.data(), 4), kAnswerLimit).take(), frame.size() - 4);
    const auto parsed = parse_answer(body_of(frame));
    ASSERT_TRUE(parsed.ok());
    EXPECT_PRED2(same_bytes, encode(parsed.value()), frame);
    expect_exact_sizes(frame, parse_answer);
    EXPECT_FALSE(parse_request(body_of(frame)).ok());
  }
}

TEST(LasMessages, Errors) {
  const std::string text(300, 'x');
  const Frame frame = encode(Answer(ErrorAnswer{ErrorCode::busy, text}));
  const auto parsed = parse_answer(body_of(frame));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(std::get<ErrorAnswer>(parsed.value()).code, ErrorCode::busy);
  EXPECT_EQ(std::get<ErrorAnswer>(parsed.value()).text, text.substr(0, kErrorTextLimit));
  const Frame cleaned = encode(Answer(ErrorAnswer{ErrorCode::busy, "a\033[2J\n"}));
  EXPECT_EQ(std::get<ErrorAnswer>(parse_answer(body_of(cleaned)).value()).text, "a?[2J?");
  Frame escape = cleaned;
  escape[kPrefixSize + kHeaderSize + 3] = 0x1b;
  EXPECT_FALSE(parse_answer(body_of(escape)).ok());
  Frame longer = frame;
  longer.push_back('x');
  EXPECT_FALSE(parse_answer(body_of(longer)).ok());
  EXPECT_STREQ(name(static_cast<ErrorCode>(999)), "an unknown error");
}

TEST(LasMessages, SizesInsideAndOfFrames) {
  Frame frame = encode(Answer(QuoteAnswer{Frame(100), std::nullopt}));
  for (const std::uint8_t size : {0, 99, 101, 255}) {
    frame[kPrefixSize + kHeaderSize] = size;
    EXPECT_FALSE(parse_answer(body_of(frame)).ok()) << unsigned{size};
  }
  frame[kPrefixSize + kHeaderSize] = 100;
  frame[kPrefixSize + kHeaderSize + 3] = 0x80;
  EXPECT_FALSE(parse_answer(body_of(frame)).ok());
  const auto size_of = [](std::array<std::uint8_t, 4> prefix) { return frame_size(prefix, kRequestLimit).ok(); };
  EXPECT_FALSE(size_of({0, 0, 0, 0}));
  EXPECT_FALSE(size_of({1, 0, 0, 0}));
  EXPECT_TRUE(size_of({2, 0, 0, 0}));
  EXPECT_TRUE(size_of({0xc2, 3, 0, 0}));
  EXPECT_FALSE(size_of({0xc3, 3, 0, 0}));
  EXPECT_FALSE(size_of({2, 0, 0, 0x80}));
}
}  // namespace cloister::las
