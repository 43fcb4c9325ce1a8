// SPDX-License-Identifier: Apache-2.0
#include "src/cas/upgrade/hand_over.h"
#include <algorithm>
#include "src/cas/secrets/keys.h"
#include "src/cas/store/sealer.h"
#include "src/cas/upgrade/signature.h"

namespace cloister::cas {
namespace {

constexpr std::string_view kRequestLabel("cloister-cas-hand-over-v1\0N", 27);
constexpr std::string_view kAnswerLabel("cloister-cas-hand-over-v1\0O", 27);
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kSealedLimit = 1024;

using Writer = FieldWriter<std::vector<std::uint8_t>>;

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

// What both ends agree on before anything is sealed: the key depends on it, and the sealed bytes are bound to it.
std::vector<std::uint8_t> context_of(Bytes request, Bytes authorisation, Bytes cas_key,
                                     const ExchangeKey::Public& key) {
  const sgx::Digest parts[] = {sgx::sha256(request), sgx::sha256(authorisation), sgx::sha256(cas_key), key};
  std::vector<std::uint8_t> context(kAnswerLabel.begin(), kAnswerLabel.end());
  for (const sgx::Digest& part : parts) context.insert(context.end(), part.begin(), part.end());
  return context;
}

std::vector<std::uint8_t> statement_of(Bytes context, Bytes sealed) {
  return Writer().fixed(context).fixed(sgx::sha256(sealed)).take();
}

SecretBytes encode(const HandedOver& handed_over) {
  return FieldWriter<SecretBytes>()
      .bytes(encode(handed_over.keys))
      .number(handed_over.head.sequence)
      .fixed(handed_over.head.hash)
      .take();
}

Result<HandedOver> decode_handed_over(Bytes bytes) {
  constexpr char kMalformed[] = "what was handed over is malformed";
  FieldReader reader(bytes);
  HandedOver handed_over;
  handed_over.keys = TRY(decode_store_keys(TRY(reader.bytes(kSealedLimit, kMalformed))));
  handed_over.head.sequence = TRY(reader.number<std::uint64_t>(kMalformed));
  handed_over.head.hash = TRY(reader.fixed<32>(kMalformed));
  TRY(reader.end(kMalformed));
  return handed_over;
}

struct Answer {
  std::vector<std::uint8_t> authorisation, cas_key, sealed, signature;
  ExchangeKey::Public key{};
};

Result<Answer> decode_answer(Bytes bytes) {
  constexpr char kMalformed[] = "the answer to the hand-over is malformed";
  FieldReader reader(bytes);
  if (TRY(reader.number<std::uint16_t>(kMalformed)) != kVersion)
    return Error(Errc::unsupported, "the hand-over is of another version of its protocol");
  const auto read = [&](std::size_t limit, std::vector<std::uint8_t>& to) -> Result<void> {
    const Bytes value = TRY(reader.bytes(limit, kMalformed));
    to.assign(value.begin(), value.end());
    return {};
  };
  Answer answer;
  TRY(read(kAuthorisationLimit, answer.authorisation));
  TRY(read(kSigningKeySize, answer.cas_key));
  answer.key = TRY(reader.fixed<32>(kMalformed));
  TRY(read(kSealedLimit, answer.sealed));
  TRY(read(kSignatureLimit, answer.signature));
  TRY(reader.end(kMalformed));
  return answer;
}

}  // namespace

std::vector<std::uint8_t> encode(const HandOverRequest& request) {
  return Writer().number(kVersion).fixed(request.key).bytes(request.quote).take();
}

Result<HandOverRequest> decode_hand_over_request(Bytes bytes) {
  constexpr char kMalformed[] = "the request of a hand-over is malformed";
  FieldReader reader(bytes);
  if (TRY(reader.number<std::uint16_t>(kMalformed)) != kVersion)
    return Error(Errc::unsupported, "the hand-over is of another version of its protocol");
  HandOverRequest request;
  request.key = TRY(reader.fixed<32>(kMalformed));
  const Bytes quote = TRY(reader.bytes(kHandOverQuoteLimit, kMalformed));
  request.quote.assign(quote.begin(), quote.end());
  TRY(reader.end(kMalformed));
  return request;
}

release::ReportData successor_report_data(const ExchangeKey::Public& key) {
  release::ReportData data{};
  std::ranges::copy(sgx::sha256(Writer().fixed(bytes_of(kRequestLabel)).fixed(key).take()), data.begin());
  return data;
}

Result<std::vector<std::uint8_t>> answer_hand_over(Bytes request, const SignedAuthorisation& authorisation,
                                                   const HandedOver& handed_over, evp_pkey_st& cas_key) {
  const HandOverRequest asked = TRY(decode_hand_over_request(request));
  const ExchangeKey key = TRY(ExchangeKey::generate());
  const auto authorised = encode(authorisation);
  const SecretBytes public_key = TRY(public_key_der(cas_key));
  const auto context = context_of(request, authorised, public_key, key.public_key());
  const Sealer sealer = TRY(Sealer::make(TRY(key.shared_key(asked.key, context))));
  const auto sealed = TRY(sealer.seal(context, encode(handed_over)));
  const auto signature = TRY(sign_statement(cas_key, statement_of(context, sealed)));
  return Writer()
      .number(kVersion)
      .bytes(authorised)
      .bytes(public_key)
      .fixed(key.public_key())
      .bytes(sealed)
      .bytes(signature)
      .take();
}

Result<Received> open_hand_over(Bytes bytes, Bytes request, const ExchangeKey& key, const Successor& self) {
  const Answer answer = TRY(decode_answer(bytes));
  const SignedAuthorisation authorisation = TRY(decode_authorisation(answer.authorisation));
  // First whom the owner has named; nothing else makes the answer's keys worth anything.
  TRY(verify(authorisation, self.owner_key_hash));
  if (authorisation.content.successor.mrenclave != self.mrenclave)
    return Error(Errc::mismatch, "the owner has authorised an upgrade to another MRENCLAVE than this one");
  if (sgx::sha256(answer.cas_key) != authorisation.content.cas_key_hash)
    return Error(Errc::mismatch, "the owner has authorised an upgrade of another CAS than the one that answers");
  const auto context = context_of(request, answer.authorisation, answer.cas_key, answer.key);
  if (!verify_statement(answer.cas_key, statement_of(context, answer.sealed), answer.signature).ok())
    return Error(Errc::mismatch, "the answer is not signed by the CAS that the owner has named, for this request");
  const Sealer sealer = TRY(Sealer::make(TRY(key.shared_key(answer.key, context))));
  const SecretBytes plain = TRY(sealer.unseal(context, answer.sealed));
  HandedOver handed_over = TRY(decode_handed_over(plain));
  return Received{.handed_over = std::move(handed_over), .authorisation = authorisation.content};
}

}  // namespace cloister::cas
