// SPDX-License-Identifier: Apache-2.0
// Why a policy refuses an enclave. Inside CAS's enclave; for the owner's audit log. The enclave's host learns a
// reference number, never one of these.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cloister::cas {

// Each is one check of decide.h, and nothing else makes it.
enum class Cause : std::uint8_t {
  feature_not_served,  // the session uses what CAS does not serve, so no part of it may be passed over
  attestation_mode,    // only `mode: hardware` releases
  tee,                 // a quote of a trust domain
  root,                // neither Intel's root nor the simulation's that the session names
  attributes,          // an attribute that no policy can allow
  debug_enclave,       // DEBUG without `tolerate: [debug-mode]`
  hyperthreading,      // the platform has it on
  outdated_tcb,        // the TCB status
  insecure_configuration,
  software_hardening,
  tcb_status,  // a status that nothing tolerates
  advisory,
  no_attestation,  // the service allows no enclave
  mrenclave,
  mrsigner,
  isvprodid,
  isvsvn,
  development_signature,  // a policy by signer, and the signature is of `cloister run`
};
// "mrenclave": as the audit log and --json have it.
std::string_view name(Cause cause);

struct Refusal {
  Cause cause;
  std::string text;  // what was found, what the session allows, what would tolerate it; one line, no secret value
};
// One line: the texts with "; " between them.
std::string text_of(const std::vector<Refusal>& refusals);

}  // namespace cloister::cas
