// SPDX-License-Identifier: Apache-2.0
// Whether a session's access policy lets a client do something. Inside CAS's enclave; what is not understood says no.
#pragma once
#include "src/cas/sessions/live_session.h"

namespace cloister::cas {

enum class Operation { read, update, create_sessions, list_sessions };
bool may(Operation operation, const LiveSession& session, const ClientIdentity& client);
// The values that a session states, besides the rest of it: its creator, and whoever could replace them.
bool may_see_values(const LiveSession& session, const ClientIdentity& client);

// SHA-256 of the SubjectPublicKeyInfo of the first certificate in `pem`.
Result<session::Hash> key_hash_of_certificate(std::string_view pem);

}  // namespace cloister::cas
