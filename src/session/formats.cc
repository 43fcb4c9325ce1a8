// SPDX-License-Identifier: Apache-2.0
#include "src/session/formats.h"

namespace cloister::session {
namespace {
using enum Version;
constexpr Format kFormats[] = {
    {Kind::ascii, "", Encoding::text, v0_1},
    {Kind::aad_token, "", Encoding::text, v0_3_7},
    {Kind::jwt, "", Encoding::text, v0_3_12},
    {Kind::binary, "", Encoding::bytes, v0_1},
    {Kind::binary, "bin", Encoding::bytes, v0_3_5},
    {Kind::binary, "hex", Encoding::hex, v0_3_5},
    {Kind::binary, "base64", Encoding::base64, v0_3_6},
    {Kind::binary, "base64url", Encoding::base64url, v0_3_6},
    {Kind::binary, "base32", Encoding::base32, v0_3_6},
    {Kind::binary, "base32nopad", Encoding::base32_unpadded, v0_3_6},
    {Kind::binary, ".hex", Encoding::hex, v0_1},
    {Kind::private_key, "", Encoding::private_key_pem, v0_3},
    {Kind::private_key, "pem", Encoding::private_key_pem, v0_3_5},
    {Kind::private_key, "der", Encoding::private_key_der, v0_3_5},
    {Kind::private_key, "pkcs8:pem", Encoding::private_key_pem, v0_3_5},
    {Kind::private_key, "pkcs8:der", Encoding::private_key_der, v0_3_5},
    {Kind::public_key, "", Encoding::public_key_pem, v0_3_11},
    {Kind::public_key, "spki:pem", Encoding::public_key_pem, v0_3_11},
    {Kind::public_key, "spki:der", Encoding::public_key_der, v0_3_11},
#define CERTIFICATE(kind)                                                                                           \
  {kind, "", Encoding::certificate_pem, v0_1}, {kind, "crt", Encoding::certificate_pem, v0_3_5},                    \
      {kind, "crt:pem", Encoding::certificate_pem, v0_3_5}, {kind, "crt:der", Encoding::certificate_der, v0_3_5},   \
      {kind, "chain", Encoding::chain_pem, v0_3_5}, {kind, "privatekey", Encoding::private_key_pem, v0_3_5},        \
      {kind, "privatekey:pem", Encoding::private_key_pem, v0_3_5},                                                  \
      {kind, "privatekey:der", Encoding::private_key_der, v0_3_5},                                                  \
      {kind, "privatekey:pkcs8", Encoding::private_key_pem, v0_3_5},                                                \
      {kind, "privatekey:pkcs8:pem", Encoding::private_key_pem, v0_3_5},                                            \
      {kind, "privatekey:pkcs8:der", Encoding::private_key_der, v0_3_5},                                            \
      {kind, "pkcs12-with-private-key", Encoding::pkcs12, v0_3_9}, {kind, ".crt", Encoding::certificate_pem, v0_1}, \
      {kind, ".key", Encoding::private_key_pem, v0_1}, {                                                            \
    kind, ".chain", Encoding::chain_root_first_pem, v0_1                                                            \
  }
    CERTIFICATE(Kind::x509),
    CERTIFICATE(Kind::x509_ca),
#undef CERTIFICATE
    {Kind::session_ca, ".crt", Encoding::certificate_pem, v0_2},
    {Kind::pgp_key, "privatekey", Encoding::pgp_private_armored, v0_3_10},
    {Kind::pgp_key, "privatekey:asciiarmored", Encoding::pgp_private_armored, v0_3_10},
    {Kind::pgp_key, "privatekey:binary", Encoding::pgp_private_binary, v0_3_10},
    {Kind::pgp_key, "privatekey:base64", Encoding::pgp_private_base64, v0_3_10},
    {Kind::pgp_key, "publickey", Encoding::pgp_public_armored, v0_3_10},
    {Kind::pgp_key, "publickey:asciiarmored", Encoding::pgp_public_armored, v0_3_10},
    {Kind::pgp_key, "publickey:binary", Encoding::pgp_public_binary, v0_3_10},
    {Kind::pgp_key, "publickey:base64", Encoding::pgp_public_base64, v0_3_10},
};
}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* find_format(Kind kind, std::string_view name) {
  for (const Format& format : kFormats)
    if ((kind == Kind::unknown || format.kind == kind) && name == format.name) return &format;
  return nullptr;
}

std::string formats_of(Kind kind) {
  std::string list;
  for (const Format& format : kFormats) {
    if (format.kind != kind) continue;
    const std::string_view name = format.name;
    if (!list.empty()) list += ", ";
    list.append(name.empty() ? "none" : name.front() == '.' ? "" : ":").append(name);
  }
  return list;
}
}  // namespace cloister::session
