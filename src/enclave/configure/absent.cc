// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/configure.h"
#include "src/enclave/kernel/give_up.h"

namespace cloister::configure {
void configure_process(kernel::Process&) {
  kernel::give_up("this enclave image has no TLS, so no policy can configure it; enclave-tls.sgxs can be",
                  kernel::kCannotRun);
}
}  // namespace cloister::configure
