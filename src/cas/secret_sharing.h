// SPDX-License-Identifier: Apache-2.0
// What a session lets others have of its secrets. Inside CAS's enclave.
#pragma once
#include "src/cas/secrets/material.h"
#include "src/yaml/document.h"

namespace cloister::cas {

struct Exporter {
  const session::Session& session;
  session::Hash hash;
  const Materials& materials;
};
struct Importer {
  std::string_view name;
  session::Hash hash;
};

// The secret that `import` names, if it means this state of the exporter, and the exporter means this state of the
// importer. A certificate comes with its private key only where the key is exported to the importer as well, or is no
// secret of its own.
// The error does not tell a secret that there is not from one that is not exported.
Result<SecretMaterial> shared_secret(const Exporter& exporter, const session::Import& import, const Importer& importer);

// Exported secrets that an update has given another value, so that importers have the former one: a warning for each.
// Not an authority that has kept its name and key, which is as good as it was.
std::vector<yaml::Problem> renewed_exports(const session::Session& before, const Materials& former,
                                           const session::Session& now, const Materials& current);

// What everybody may read of a secret with `export_public`: of a private key its public key, of a certificate all but
// its private key, otherwise the value.
Result<SecretMaterial> public_secret(const session::Secret& secret, const SecretMaterial& material);

}  // namespace cloister::cas
