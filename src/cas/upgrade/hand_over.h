// SPDX-License-Identifier: Apache-2.0
// The two messages of a hand-over: a successor asks, the CAS before it answers with the keys of its store. Inside CAS's
// enclave; pure but for randomness. docs/cas-upgrade.md has the argument.
//
//   request   key of this one exchange, and a quote over it
//   answer    the owner's authorisation, the CAS key, the other key of the exchange, and the sealed keys with the head
//             of the audit log; signed with the CAS key over all of it and the request
//
// The answer opens with the key in the quote alone, so that whoever carries the messages needs no trust. Whether the
// quote is good is judged by who answers; whether the answer is, here.
#pragma once
#include "src/audit/chain.h"
#include "src/cas/store/sealing_keys.h"
#include "src/cas/upgrade/authorisation.h"
#include "src/cas/upgrade/key_exchange.h"
#include "src/release/evidence.h"

namespace cloister::cas {

struct HandOverRequest {
  ExchangeKey::Public key{};
  std::vector<std::uint8_t> quote;
};
inline constexpr std::size_t kHandOverQuoteLimit = 65536;
std::vector<std::uint8_t> encode(const HandOverRequest& request);
Result<HandOverRequest> decode_hand_over_request(Bytes bytes);
// What the successor's quote must be over. No other evidence of a CAS or of an enclave has this label.
release::ReportData successor_report_data(const ExchangeKey::Public& key);

struct HandedOver {
  StoreKeys keys;
  audit::Position head;  // where the log ends; nothing was written after it
};

// The answer to `request`, exact bytes of one that was found good.
Result<std::vector<std::uint8_t>> answer_hand_over(Bytes request, const SignedAuthorisation& authorisation,
                                                   const HandedOver& handed_over, evp_pkey_st& cas_key);

struct Successor {
  sgx::Digest mrenclave{}, owner_key_hash{};  // of its own REPORT
};
struct Received {
  HandedOver handed_over;
  Authorisation authorisation;
};
// Errc::mismatch for an answer that is not from the CAS that the owner has authorised to hand over to `self`, or not to
// this request; Errc::invalid for what is no answer.
Result<Received> open_hand_over(Bytes answer, Bytes request, const ExchangeKey& key, const Successor& self);

inline constexpr std::size_t kHandOverAnswerLimit = 32768;

}  // namespace cloister::cas
