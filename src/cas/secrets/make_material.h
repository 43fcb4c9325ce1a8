// SPDX-License-Identifier: Apache-2.0
// The value of one secret: read from what the session states, or generated. Inside CAS's enclave.
#pragma once
#include "src/cas/secrets/material.h"
#include "src/dcap/time.h"

namespace cloister::cas {

// What a secret is made of besides its own description; null where it names nothing.
struct Ingredients {
  const SecretMaterial* private_key = nullptr;
  const SecretMaterial* issuer = nullptr;
  std::optional<std::uint32_t> path_length = {};  // of an authority that is generated
  dcap::UnixTime now = 0;
};

// Errors say what is wrong with the secret, without its name.
Result<SecretMaterial> make_material(const session::Secret& secret, const Ingredients& ingredients);

// Gives a certificate the private key and issuer that the session names for it, if they are its own.
Result<void> complete_certificate(SecretMaterial& certificate, const Ingredients& ingredients);

}  // namespace cloister::cas
