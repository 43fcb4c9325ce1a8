// SPDX-License-Identifier: Apache-2.0
// What a start does with a store that was sealed under an older security version: after an update of microcode, or of
// the program's signature. In the enclave. docs/cas-store.md has the argument.
#pragma once
#include "src/cas/store/sealed_store.h"

namespace cloister::cas {

// Whether nothing is to be done: it is sealed under the version of now, or was handed over. That stays as its successor
// was told.
bool is_current(const SealedStore& store, const SealingKeySource& source);
// The same records and log under the keys of the version of now, with an entry that says from which version to which;
// `store` itself if it is current. An error leaves the file as it was.
Result<std::unique_ptr<SealedStore>> seal_anew(std::unique_ptr<SealedStore> store, const SealingKeySource& source,
                                               std::uint64_t now);

}  // namespace cloister::cas
