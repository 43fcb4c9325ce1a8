// SPDX-License-Identifier: Apache-2.0
// The values of all secrets of a session when it is created or updated: kept, imported, read or generated, in the order
// in which they depend on one another. Inside CAS's enclave.
#pragma once
#include <functional>
#include "src/cas/secrets/material.h"
#include "src/dcap/time.h"

namespace cloister::cas {

// The version that an update replaces.
struct PreviousVersion {
  const session::Session& session;
  const Materials& materials;
};
// The value of a secret with `import`. An error says why this session does not get it (secret_sharing.h).
using ImportLookup = std::function<Result<SecretMaterial>(const session::Secret&)>;

struct SessionSecretsInput {
  const PreviousVersion* previous = nullptr;  // null: the session is new
  ImportLookup import;
  dcap::UnixTime now = 0;
};

// One value for each secret of `session`, and in `session` the kinds of imports that named none. Errc::invalid with
// *problem filled in, which names secrets and has no part of a value.
Result<Materials> make_session_secrets(session::Session& session, const SessionSecretsInput& input,
                                       yaml::Problem* problem);

}  // namespace cloister::cas
