// SPDX-License-Identifier: Apache-2.0
// Taking over from a CAS of another version: asks it for the keys of its database, waits until it has let go of the
// file, and seals everything anew. In the enclave. docs/cas-upgrade.md has the argument.
#pragma once
#include "src/cas/server/own_enclave.h"
#include "src/cas/sessions/sessions.h"

namespace cloister::cas {

struct Predecessor {
  std::string address;   // numeric ADDRESS:PORT of its API
  std::string database;  // its file, which is to be this CAS's
};

// The store, under the keys of `own`. `problem` is one line. Until the last step the file is as the predecessor left
// it, and all of this can be done again.
Result<std::unique_ptr<SealedStore>> take_over(const Predecessor& predecessor, const OwnEnclave& enclave,
                                               const SealingKeySource& own, const Clock& clock, std::string& problem);

}  // namespace cloister::cas
