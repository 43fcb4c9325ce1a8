// SPDX-License-Identifier: Apache-2.0
// Owners for OpenSSL's objects. Inside src/dcap, src/ratls and src/cas only.
#pragma once
#include <openssl/err.h>
#include <openssl/evp.h>
#include <memory>

namespace cloister::dcap {

template <auto kFunction>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFunction(object);
  }
};
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;

// A refused signature is an ordinary answer here and must not confuse whoever looks at OpenSSL's queue next.
inline void clear_openssl_errors() { ERR_clear_error(); }

}  // namespace cloister::dcap
