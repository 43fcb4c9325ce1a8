// SPDX-License-Identifier: Apache-2.0
#include "src/cas/upgrade/authorisation.h"

namespace cloister::cas {
namespace {

constexpr std::string_view kLabel("cloister-cas-upgrade-v1\0", 24);
constexpr std::uint32_t kWordLimit = 64;  // tolerations, advisories
constexpr std::size_t kWordSize = 64;

using Writer = FieldWriter<std::vector<std::uint8_t>>;

void write_words(Writer& writer, const std::vector<std::string>& words) {
  writer.number(static_cast<std::uint32_t>(words.size()));
  for (const std::string& word : words) writer.text(word);
}

Result<std::vector<std::string>> read_words(FieldReader& reader, const char* error) {
  std::vector<std::string> words(TRY(reader.count(4, kWordLimit, error)));
  for (std::string& word : words) word = TRY(reader.text(kWordSize, error));
  return words;
}

// What the signature is over, with the label before it.
std::vector<std::uint8_t> statement_of(const Authorisation& content) {
  Writer writer;
  writer.fixed({reinterpret_cast<const std::uint8_t*>(kLabel.data()), kLabel.size()})
      .fixed(content.cas_key_hash)
      .number(content.hand_overs)
      .fixed(content.successor.mrenclave)
      .number(static_cast<std::uint8_t>(content.successor.simulation_root ? 1 : 0))
      .fixed(content.successor.simulation_root.value_or(session::Hash{}));
  write_words(writer, content.successor.tolerate);
  write_words(writer, content.successor.advisories);
  return writer.take();
}

}  // namespace

std::vector<std::uint8_t> encode(const SignedAuthorisation& authorisation) {
  Writer writer;
  writer.fixed(statement_of(authorisation.content));
  write(writer, authorisation);
  return writer.take();
}

Result<SignedAuthorisation> decode_authorisation(Bytes bytes) {
  constexpr char kMalformed[] = "the authorisation is malformed";
  FieldReader reader(bytes);
  SignedAuthorisation authorisation;
  Authorisation& content = authorisation.content;
  const auto label = TRY(reader.fixed<kLabel.size()>(kMalformed));
  if (text_of(label) != kLabel) return Error(Errc::invalid, "this is no authorisation of an upgrade");
  content.cas_key_hash = TRY(reader.fixed<32>(kMalformed));
  content.hand_overs = TRY(reader.number<std::uint64_t>(kMalformed));
  content.successor.mrenclave = TRY(reader.fixed<32>(kMalformed));
  const auto has_root = TRY(reader.number<std::uint8_t>(kMalformed));
  const auto root = TRY(reader.fixed<32>(kMalformed));
  if (has_root > 1 || (has_root == 0 && root != session::Hash{})) return Error(Errc::invalid, kMalformed);
  if (has_root == 1) content.successor.simulation_root = root;
  content.successor.tolerate = TRY(read_words(reader, kMalformed));
  content.successor.advisories = TRY(read_words(reader, kMalformed));
  static_cast<OwnerSignature&>(authorisation) = TRY(read_owner_signature(reader, kMalformed));
  TRY(reader.end(kMalformed));
  return authorisation;
}

Result<SignedAuthorisation> sign(const Authorisation& content, evp_pkey_st& owner_key) {
  SignedAuthorisation authorisation;
  authorisation.content = content;
  static_cast<OwnerSignature&>(authorisation) = TRY(sign_as_owner(owner_key, statement_of(content)));
  return authorisation;
}

Result<void> verify(const SignedAuthorisation& authorisation, const sgx::Digest& owner_key_hash) {
  return verify(
      authorisation, owner_key_hash, statement_of(authorisation.content),
      {"the authorisation is signed by somebody else than the owner", "the authorisation's signature does not hold"});
}

}  // namespace cloister::cas
