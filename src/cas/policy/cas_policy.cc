// SPDX-License-Identifier: Apache-2.0
#include "src/cas/policy/cas_policy.h"

namespace cloister::cas {
namespace {

std::optional<session::Toleration> toleration_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(session::Toleration::local_attestation_trust_cas_tcb); ++i)
    if (text_of(static_cast<session::Toleration>(i)) == name) return static_cast<session::Toleration>(i);
  return std::nullopt;
}

}  // namespace

Result<session::Session> policy_for_cas(const CasRequirements& requirements, std::string& problem) {
  session::Session policy;
  policy.name = kCasService;
  session::AttestationVariant variant;
  variant.mrenclave.emplace_back().literal = requirements.mrenclave;
  session::Service service;
  service.name = kCasService;
  service.attestation.push_back(std::move(variant));
  policy.services.push_back(std::move(service));
  for (const std::string& name : requirements.tolerate) {
    policy.security.tolerate.emplace_back().literal = toleration_named(name);
    if (policy.security.tolerate.back().literal) continue;
    problem = "--tolerate " + name + ": the session language has no such toleration (`cloister session language`)";
    return Error(Errc::invalid, "there is no such toleration");
  }
  for (const std::string& advisory : requirements.advisories)
    policy.security.ignore_advisories.push_back({.text = advisory, .place = {}});
  if (requirements.simulation_root)
    policy.security.insecure_simulation_root.emplace().literal = *requirements.simulation_root;
  return policy;
}

}  // namespace cloister::cas
