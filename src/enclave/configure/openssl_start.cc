// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/openssl_start.h"

namespace cloister::configure {
bool start_openssl() {
  static const bool started =
      OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr) ==
      1;
  return started;
}
}  // namespace cloister::configure
