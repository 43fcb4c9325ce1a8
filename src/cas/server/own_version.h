// SPDX-License-Identifier: Apache-2.0
// A store that was sealed under an older security version goes on under the one of now, if the owner has confirmed the
// CAS key that is in it. In the enclave. docs/cas-store.md has the argument.
#pragma once
#include "src/cas/store/sealed_store.h"
#include "src/release/evidence.h"

namespace cloister::cas {

// `store` itself where its version is that of `source`, or where it was handed over. `problem` is one line that names
// `path`; the file is as it was then.
Result<std::unique_ptr<SealedStore>> under_own_version(std::unique_ptr<SealedStore> store,
                                                       const SealingKeySource& source,
                                                       const release::Digest& owner_key_hash, std::uint64_t now,
                                                       const std::string& path, std::string& problem);

}  // namespace cloister::cas
