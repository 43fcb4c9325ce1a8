// SPDX-License-Identifier: Apache-2.0
// The values of a session's secrets, as the sealed store keeps them. Inside CAS's enclave. Wiped when they go; no error
// of this folder has a part of a value in it.
//
// Encoding, numbers little-endian, `bytes` and `list` with a 32-bit size or count before them, exactly one for each
// value:
//   material   version u8 = 1, kind u8, value bytes, private key bytes, chain list of bytes
//   materials  version u8 = 1, list of (name bytes, material bytes), names ascending
#pragma once
#include <map>
#include <string>
#include <vector>
#include "src/base/fields.h"
#include "src/base/result.h"
#include "src/base/secret.h"
#include "src/session/model.h"

namespace cloister::cas {

struct SecretMaterial {
  session::Kind kind = session::Kind::unknown;
  // ascii: the text. binary: the bytes. private_key: PKCS#8. public_key: SubjectPublicKeyInfo. x509, x509_ca: the
  // certificate. All but the first two in DER.
  SecretBytes value;
  // Of a certificate: its private key as PKCS#8; empty where whoever stated or exported it kept the key to himself.
  SecretBytes private_key;
  // Of a certificate: its issuers' certificates, the nearest first, the root last.
  std::vector<SecretBytes> chain;

  bool is_certificate() const { return kind == session::Kind::x509 || kind == session::Kind::x509_ca; }
  bool operator==(const SecretMaterial&) const = default;
};
using Materials = std::map<std::string, SecretMaterial, std::less<>>;

inline constexpr std::size_t kChainLimit = 16;
inline constexpr std::size_t kValueSizeLimit = 1 << 20;

SecretBytes encode(const Materials& materials);
Result<Materials> decode_materials(Bytes bytes);
SecretBytes encode(const SecretMaterial& material);
Result<SecretMaterial> decode_material(Bytes bytes);

}  // namespace cloister::cas
