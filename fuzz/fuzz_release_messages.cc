// SPDX-License-Identifier: Apache-2.0
// Messages between an enclave and CAS: whatever decodes has exactly the encoding that it was decoded from.
#include <algorithm>
#include <cstdlib>
#include "src/release/messages.h"

using namespace cloister::release;

namespace {
template <typename Message>
void check(const cloister::Result<Message>& message, Bytes bytes) {
  if (!message.ok()) return;
  const auto encoded = encode(message.value());
  if (!std::equal(encoded.begin(), encoded.end(), bytes.begin(), bytes.end())) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  const auto type = message_type(bytes);
  if (!type.ok()) return 0;
  switch (type.value()) {
    case MessageType::hello: check(decode_hello(bytes), bytes); break;
    case MessageType::challenge: check(decode_challenge(bytes), bytes); break;
    case MessageType::evidence: check(decode_evidence(bytes), bytes); break;
    case MessageType::grant: check(decode_grant(bytes), bytes); break;
    case MessageType::deny: check(decode_deny(bytes), bytes); break;
    case MessageType::exit: check(decode_exit(bytes), bytes); break;
    case MessageType::noted: check(decode_noted(bytes), bytes); break;
  }
  return 0;
}
