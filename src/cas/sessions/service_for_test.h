// SPDX-License-Identifier: Apache-2.0
// A sessions service over a store in a folder of its own, and people who use it. For tests and fuzzing.
#pragma once
#include <string>
#include "src/base/hex.h"
#include "src/cas/sessions/sessions.h"
#include "src/cas/store/store_for_test.h"

namespace cloister::cas {

inline CertificateIdentity person(std::uint8_t number) {
  CertificateIdentity identity;
  identity.key_hash.fill(number);
  identity.certificate_hash.fill(static_cast<std::uint8_t>(number + 0x80));
  return identity;
}
inline const ClientIdentity kOwner = person(1), kAlice = person(2), kBob = person(3), kNobody;
inline std::string key_hash(const ClientIdentity& client) { return to_hex(client->key_hash); }

struct Service {
  Folder folder;
  std::uint64_t now = kNow;
  std::unique_ptr<SealedStore> store = open_store(folder.file());
  std::unique_ptr<Committer> committer = std::make_unique<Committer>(*store);
  Sessions sessions{*store, *committer, kOwner->key_hash, [this] { return now; }};

  std::string audit() { return store->export_audit(1, store->head().at.sequence).take(); }
};

// A session of the newest language: its name, and what else it says.
inline std::string session_text(const std::string& name, const std::string& rest = "") {
  return "name: " + name + "\nversion: 0.3.11\n" + rest;
}
inline std::string replacing(const session::Hash& hash) { return "predecessor: " + to_hex(hash) + '\n'; }

}  // namespace cloister::cas
