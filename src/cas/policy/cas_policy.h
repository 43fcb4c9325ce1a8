// SPDX-License-Identifier: Apache-2.0
// What must hold of a CAS's own quote, said as a session says it of a service: one judgement for both. For the owner's
// command that attests a CAS, and for a CAS that hands over to its successor. Pure.
#pragma once
#include <string>
#include <vector>
#include "src/session/model.h"

namespace cloister::cas {

inline constexpr char kCasService[] = "cas";  // its service in the session

struct CasRequirements {
  session::Hash mrenclave{};
  std::optional<session::Hash> simulation_root;   // accepted besides Intel's
  std::vector<std::string> tolerate, advisories;  // the session language's names; INTEL-SA-NNNNN
  bool operator==(const CasRequirements&) const = default;
};

// `problem` names the toleration that there is not.
Result<session::Session> policy_for_cas(const CasRequirements& requirements, std::string& problem);

}  // namespace cloister::cas
