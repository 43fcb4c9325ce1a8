// SPDX-License-Identifier: Apache-2.0
#include "src/cas/upgrade/authorisation.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/upgrade/signature.h"

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
  return Writer()
      .fixed(statement_of(authorisation.content))
      .bytes(authorisation.owner_key)
      .bytes(authorisation.signature)
      .take();
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
  const Bytes key = TRY(reader.bytes(kSigningKeySize, kMalformed));
  authorisation.owner_key.assign(key.begin(), key.end());
  const Bytes signature = TRY(reader.bytes(kSignatureLimit, kMalformed));
  authorisation.signature.assign(signature.begin(), signature.end());
  TRY(reader.end(kMalformed));
  return authorisation;
}

Result<SignedAuthorisation> sign(const Authorisation& content, evp_pkey_st& owner_key) {
  SignedAuthorisation authorisation;
  authorisation.content = content;
  const SecretBytes key = TRY(public_key_der(owner_key));
  authorisation.owner_key.assign(key.begin(), key.end());
  authorisation.signature = TRY(sign_statement(owner_key, statement_of(content)));
  return authorisation;
}

Result<void> verify(const SignedAuthorisation& authorisation, const sgx::Digest& owner_key_hash) {
  if (sgx::sha256(authorisation.owner_key) != owner_key_hash)
    return Error(Errc::mismatch, "the authorisation is signed by somebody else than the owner");
  const auto holds =
      verify_statement(authorisation.owner_key, statement_of(authorisation.content), authorisation.signature);
  if (!holds.ok()) return Error(Errc::mismatch, "the authorisation's signature does not hold");
  return {};
}

}  // namespace cloister::cas
