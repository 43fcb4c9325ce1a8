// SPDX-License-Identifier: Apache-2.0
// Frames of the LAS protocol as either side reads them. What is accepted has one encoding, so that it must come back.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include "src/las/messages.h"

namespace {
using namespace cloister::las;

template <typename Message>
void expect_same(const Message& message, std::span<const std::uint8_t> frame) {
  const auto again = encode(message);
  if (again.size() != kPrefixSize + frame.size() ||
      std::memcmp(again.data() + kPrefixSize, frame.data(), frame.size()) != 0)
    std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= kPrefixSize) {
    const auto claimed = frame_size(std::span<const std::uint8_t, kPrefixSize>(data, kPrefixSize), kAnswerLimit);
    if (claimed.ok() && claimed.value() > kAnswerLimit) std::abort();
  }
  const std::span<const std::uint8_t> frame(data, size);
  if (const auto request = parse_request(frame); request.ok()) expect_same(request.value(), frame);
  if (const auto answer = parse_answer(frame); answer.ok()) expect_same(answer.value(), frame);
  return 0;
}
