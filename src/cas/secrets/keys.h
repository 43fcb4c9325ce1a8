// SPDX-License-Identifier: Apache-2.0
// Asymmetric keys of sessions: made, read and written. Inside CAS's enclave. OpenSSL clears private keys when they go.
//
// Supported: ECDSA with P-256 and P-384, Ed25519, RSA from 2048 to 8192 bits. Private keys are PKCS#8 without
// encryption, public keys are SubjectPublicKeyInfo. Ed25519 keys are written in PKCS#8 version 1, which every reader
// has.
#pragma once
#include <span>
#include <string_view>
#include <vector>
#include "src/base/secret.h"
#include "src/cas/secrets/openssl.h"
#include "src/session/model.h"

namespace cloister::cas {

Result<KeyPointer> generate_key(session::KeyType type);

// Somebody's text: whether its private and public parts fit is checked, which for RSA takes from 0.1 to 5 seconds.
// Errc::invalid names what it is instead.
Result<KeyPointer> private_key_from_pem(std::string_view text);
// One that private_key_der() wrote: it was generated, or checked when it came.
Result<KeyPointer> private_key_from_der(std::span<const std::uint8_t> pkcs8);
Result<SecretBytes> private_key_der(const EVP_PKEY& key);

Result<KeyPointer> public_key_from_pem(std::string_view text);
Result<KeyPointer> public_key_from_der(std::span<const std::uint8_t> spki);
// Of a private key as well.
Result<SecretBytes> public_key_der(const EVP_PKEY& key);

// Whether two private or public keys have the same public part.
bool is_same_key(const EVP_PKEY& one, const EVP_PKEY& other);

}  // namespace cloister::cas
