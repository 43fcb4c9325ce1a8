// SPDX-License-Identifier: Apache-2.0
// Values of a policy that a session may leave to a placeholder, read at the moment of the decision. Inside CAS's
// enclave.
#pragma once
#include <string>
#include "src/session/substitution.h"

namespace cloister::cas {

class Settings {
 public:
  // Both must outlive this.
  Settings(const session::Session& session, const session::Lookup& lookup) : session_(session), lookup_(lookup) {}

  // Nothing where the placeholder has no value, or one that is none of the kind: such a setting allows nothing.
  std::optional<session::Hash> value(const session::Setting<session::Hash>& setting) const;
  std::optional<std::uint16_t> value(const session::Setting<std::uint16_t>& setting) const;
  std::optional<session::AttestationMode> value(const session::Setting<session::AttestationMode>& setting) const;
  std::optional<session::Toleration> value(const session::Setting<session::Toleration>& setting) const;
  std::optional<std::string> value(const session::Template& text) const;

  // For the owner's eyes: a literal as it is, a placeholder as it was written.
  static std::string shown(const session::Setting<session::Hash>& setting);
  static std::string shown(const session::Setting<std::uint16_t>& setting);

 private:
  const session::Session& session_;
  const session::Lookup& lookup_;
};

}  // namespace cloister::cas
