// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/seal_anew.h"

namespace cloister::cas {

bool is_current(const SealedStore& store, const SealingKeySource& source) {
  return store.sealed_under() == source.version() || store.version(kHandedOverRecord) != kAbsent;
}

Result<std::unique_ptr<SealedStore>> seal_anew(std::unique_ptr<SealedStore> store, const SealingKeySource& source,
                                               std::uint64_t now) {
  if (is_current(*store, source)) return store;
  Mutation mutation;
  audit::Entry& entry = mutation.entries.emplace_back();
  entry.kind = audit::Kind::sealed_anew;
  entry.time = now;
  entry.text = "from " + version_text(store->sealed_under()) + " to " + version_text(source.version());
  return SealedStore::reseal(std::move(store), source, mutation);
}

}  // namespace cloister::cas
