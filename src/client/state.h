// SPDX-License-Identifier: Apache-2.0
// What the command remembers of its user, in $XDG_CONFIG_HOME/cloister (~/.config/cloister): the owner's key, and the
// CASes that were attested. Owner's side.
//
//   owner.key, owner.crt   made at first use: ECDSA P-256, and a certificate that nobody has to judge
//   cas.json               each CAS with its keys and the latest head of its audit log that was seen
//
// Readable by the user alone. Whoever writes there decides which CAS the user trusts.
#pragma once
#include <string>
#include "src/client/pin.h"

namespace cloister::client {

struct OwnerKey {
  std::string key, certificate;  // PEM
  Digest hash{};                 // SHA-256 of the SubjectPublicKeyInfo
};

class State {
 public:
  // Makes the folder. `problem` is one line.
  static Result<State> open(std::string& problem);
  static Result<State> open(const std::string& folder, std::string& problem);

  const std::string& folder() const { return folder_; }
  // Makes it at first use.
  Result<OwnerKey> owner_key(std::string& problem) const;

  Result<std::vector<Pin>> pins(std::string& problem) const;
  // Changes the list while no other process of the user does.
  using Change = std::function<void(std::vector<Pin>&)>;
  Result<void> change_pins(const Change& change, std::string& problem) const;

 private:
  explicit State(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

}  // namespace cloister::client
