// SPDX-License-Identifier: Apache-2.0
// Secrets in the forms that a session's placeholders ask for. Inside CAS's enclave.
#pragma once
#include "src/cas/secrets/material.h"
#include "src/session/substitution.h"

namespace cloister::cas {

// Errc::unsupported for an encoding that secrets of this kind do not have, Errc::invalid where the secret lacks what
// was asked for, such as a certificate's key. Never a part of the value in the error.
Result<SecretBytes> encode(const SecretMaterial& material, session::Encoding encoding);

// For session/substitution.h. `materials` must outlive what is returned.
session::Lookup lookup_in(const Materials& materials);

}  // namespace cloister::cas
