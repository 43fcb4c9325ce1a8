// SPDX-License-Identifier: Apache-2.0
#include "src/session/words.h"
#include <openssl/sha.h>
#include "src/base/hex.h"

namespace cloister::session {
namespace {
// Enough to recognise a text that is too long to show.
std::string fingerprint(const std::string& text) {
  Hash hash;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return to_hex(std::span(hash).first(8)) + "…";
}
std::string shown(const Setting<Hash>& hash) { return hash.literal ? to_hex(*hash.literal) : hash.variable.text; }
std::string shown(const Setting<std::uint16_t>& number) {
  return number.literal ? std::to_string(*number.literal) : number.variable.text;
}

std::string words_of(const Credential& credential) {
  using Kind = Credential::Kind;
  switch (credential.kind) {
    case Kind::creator: return "its creator";
    case Kind::any: return "everybody";
    case Kind::none: return "nobody";
    case Kind::certificate: return "whoever has the key of the certificate " + fingerprint(credential.text);
    case Kind::certificate_hash: return "whoever has the certificate with hash " + to_hex(credential.hash);
    case Kind::key_hash: return "whoever has the key with hash " + to_hex(credential.hash);
    case Kind::foreign_key_hash: return "whoever has the key " + credential.text;
    case Kind::signer:
      return "whoever signs with the key " +
             (credential.text.starts_with("-----") ? fingerprint(credential.text) : credential.text);
    case Kind::variable: return "whoever secret " + credential.text + " names";
    case Kind::require: break;
  }
  std::string members;
  for (const Credential& one : credential.of) members.append(members.empty() ? "" : "; ").append(words_of(one));
  return std::to_string(credential.required) + " of (" + members + ")";
}
}  // namespace

std::string words_of(const Rule& rule) {
  std::string words;
  for (const Credential& one : rule.any_of) words.append(words.empty() ? "" : ", or ").append(words_of(one));
  return words;
}

std::string words_of(const AttestationVariant& variant) {
  if (variant.fragment) return "what the fragment " + variant.fragment->text + " says";
  std::string words;
  for (const auto& one : variant.mrenclave) words.append(words.empty() ? "MRENCLAVE " : " or ").append(shown(one));
  if (!variant.signer) return words;
  const SignerFactor& signer = *variant.signer;
  words.append(words.empty() ? "an enclave signed by " : ", signed by ");
  if (signer.fragment) return words + "what the fragment " + signer.fragment->text + " says";
  words += shown(signer.mrsigner);
  words += signer.isvprodid ? ", product " + shown(*signer.isvprodid) : std::string(", any of its products");
  if (signer.isvsvn) words += ", security version " + shown(*signer.isvsvn);
  if (signer.isvsvn_min) words += ", security version at least " + shown(*signer.isvsvn_min);
  if (signer.isvsvn_max) words += ", security version at most " + shown(*signer.isvsvn_max);
  return words;
}

std::string words_of(const Peer& peer) {
  std::string words(peer.is_namespace ? "every session of namespace " : "session ");
  words += peer.name;
  if (peer.hash) words += " in state " + to_hex(*peer.hash);
  if (peer.remote)
    words += " of the service at " + peer.remote->url +
             (peer.remote->key.empty() ? " with the software " + peer.remote->software_key
                                       : " with the key " + peer.remote->key);
  return words;
}

std::string words_of(const Service& service) {
  std::string words;
  for (const Argument& argument : service.command)
    words.append(words.empty() ? "'" : " '").append(argument.text.text).append("'");
  return words;
}

std::string words_of_duration(std::uint64_t seconds) {
  if (seconds % 86400 == 0) return std::to_string(seconds / 86400) + " days";
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + " hours";
  return std::to_string(seconds) + " seconds";
}
}  // namespace cloister::session
