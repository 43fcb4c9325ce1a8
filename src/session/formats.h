// SPDX-License-Identifier: Apache-2.0
// In which forms the secrets of each kind can be inserted. Pure; any side.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include "src/session/model.h"

namespace cloister::session {
// What a service has to make of a secret. PEM and DER are of the object that the name says.
enum class Encoding : std::uint8_t {
  text,
  bytes,
  hex,
  base64,
  base64url,
  base32,
  base32_unpadded,
  private_key_pem,  // PKCS#8; of a certificate, its key
  private_key_der,
  public_key_pem,  // SubjectPublicKeyInfo
  public_key_der,
  certificate_pem,
  certificate_der,
  chain_pem,             // the issuers, nearest first, without the certificate
  chain_root_first_pem,  // the older form: root first, the certificate last
  pkcs12,                // with the private key, empty password
  pgp_private_armored,
  pgp_private_binary,
  pgp_private_base64,
  pgp_public_armored,
  pgp_public_binary,
  pgp_public_base64,
};
struct Format {
  Kind kind;
  const char* name;  // without the first colon; "" is the default, ".crt" an older suffix
  Encoding encoding;
  Version since;
};
std::span<const Format> formats();
// nullptr when secrets of this kind have no such format. Of an unknown kind: the first kind that has it.
const Format* find_format(Kind kind, std::string_view name);
// "none, :pem, :der": what a complaint proposes.
std::string formats_of(Kind kind);
}  // namespace cloister::session
