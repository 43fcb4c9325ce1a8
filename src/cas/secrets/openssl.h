// SPDX-License-Identifier: Apache-2.0
// Owners for OpenSSL's objects that secrets are made with. Inside CAS's enclave.
#pragma once
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <memory>
#include "src/base/result.h"
#include "src/dcap/openssl_pointers.h"

namespace cloister::cas {
using dcap::clear_openssl_errors;
using dcap::FreeWith;
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using KeyContext = dcap::KeyContext;
using X509Pointer = std::unique_ptr<X509, FreeWith<X509_free>>;
using BioPointer = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

// OpenSSL failed at something that fails only for want of memory or randomness. Its queue is emptied: it may describe
// what it was given.
inline Error openssl_failed(const char* what) {
  clear_openssl_errors();
  return Error(Errc::io, what);
}
}  // namespace cloister::cas
