// SPDX-License-Identifier: Apache-2.0
// Random secret values from OpenSSL's private generator. Inside CAS's enclave.
#pragma once
#include <string_view>
#include "src/base/result.h"
#include "src/base/secret.h"

namespace cloister::cas {

// What generated texts consist of: nothing that a shell, a configuration file, a URL, JSON or YAML reads as anything
// but itself. 5.95 bits for each character; the default of 20 characters has 119.
inline constexpr std::string_view kSecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

Result<SecretBytes> random_bytes(std::size_t size);
// Each character is equally probable.
Result<SecretBytes> random_text(std::size_t count);

}  // namespace cloister::cas
