// SPDX-License-Identifier: Apache-2.0
#include "src/cas/policy/refusal.h"

namespace cloister::cas {

std::string_view name(Cause cause) {
  switch (cause) {
    case Cause::feature_not_served: return "feature_not_served";
    case Cause::attestation_mode: return "attestation_mode";
    case Cause::tee: return "tee";
    case Cause::root: return "root";
    case Cause::attributes: return "attributes";
    case Cause::debug_enclave: return "debug_enclave";
    case Cause::hyperthreading: return "hyperthreading";
    case Cause::outdated_tcb: return "outdated_tcb";
    case Cause::insecure_configuration: return "insecure_configuration";
    case Cause::software_hardening: return "software_hardening";
    case Cause::tcb_status: return "tcb_status";
    case Cause::advisory: return "advisory";
    case Cause::no_attestation: return "no_attestation";
    case Cause::mrenclave: return "mrenclave";
    case Cause::mrsigner: return "mrsigner";
    case Cause::isvprodid: return "isvprodid";
    case Cause::isvsvn: return "isvsvn";
    case Cause::development_signature: return "development_signature";
  }
  return "unknown";
}

std::string text_of(const std::vector<Refusal>& refusals) {
  std::string text;
  for (const Refusal& refusal : refusals) text.append(text.empty() ? "" : "; ").append(refusal.text);
  return text;
}

}  // namespace cloister::cas
