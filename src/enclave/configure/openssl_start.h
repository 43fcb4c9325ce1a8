// SPDX-License-Identifier: Apache-2.0
// OpenSSL inside the enclave: started at its first use, without configuration file, error texts of its own, or anything
// to do at exit. Trusted, kernel storey, only in the image with TLS.
#pragma once
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <memory>

namespace cloister::configure {
// At most once; the second and later calls do nothing. False when it cannot start.
bool start_openssl();

template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
}  // namespace cloister::configure
