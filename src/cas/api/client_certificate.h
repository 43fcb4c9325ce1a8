// SPDX-License-Identifier: Apache-2.0
// The client certificate of a TLS connection to CAS's API. Inside CAS's enclave. It is not judged: TLS itself has
// proven that the client has its key.
#pragma once
#include "src/cas/sessions/client_identity.h"

struct ssl_st;

namespace cloister::cas {

// Nothing where the client showed no certificate.
ClientIdentity client_identity(const ssl_st* tls);

}  // namespace cloister::cas
