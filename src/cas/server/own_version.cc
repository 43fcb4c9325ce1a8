// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/own_version.h"
#include <cstdio>
#include "src/cas/secrets/keys.h"
#include "src/cas/server/identity.h"
#include "src/cas/store/seal_anew.h"
#include "src/cas/upgrade/confirmation.h"

namespace cloister::cas {
namespace {

// Whoever knows the older keys can make a whole store, but not the owner's signature over a CAS key that he knows.
Result<void> check_confirmed(SealedStore& store, const release::Digest& owner_key_hash) {
  const auto key = TRY(store.get(kCasKeyRecord)), word = TRY(store.get(kConfirmationRecord));
  if (key == nullptr || word == nullptr) return Error(Errc::mismatch, "its owner has not confirmed its key");
  const KeyPointer cas_key = TRY(private_key_from_der(key->content));
  return verify(TRY(decode_confirmation(word->content)), sgx::sha256(TRY(public_key_der(*cas_key))), owner_key_hash);
}

}  // namespace

Result<std::unique_ptr<SealedStore>> under_own_version(std::unique_ptr<SealedStore> store,
                                                       const SealingKeySource& source,
                                                       const release::Digest& owner_key_hash, std::uint64_t now,
                                                       const std::string& path, std::string& problem) {
  if (is_current(*store, source)) return store;
  const std::string before = version_text(store->sealed_under());
  if (const auto confirmed = check_confirmed(*store, owner_key_hash); !confirmed.ok()) {
    problem =
        path + ": sealed under an older security version (" + before + "), and " + confirmed.error().what() +
        ": start CAS with the microcode and the signature of before, let its owner run `cloister cas attest`, and "
        "update then";
    return confirmed.error();
  }
  auto current = seal_anew(std::move(store), source, now);
  if (!current.ok())
    problem = path + ": cannot be sealed anew: " + current.error().what();
  else
    std::printf("cloister-cas: sealed anew, from %s to %s\n", before.c_str(), version_text(source.version()).c_str());
  return current;
}

}  // namespace cloister::cas
