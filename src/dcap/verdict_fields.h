// SPDX-License-Identifier: Apache-2.0
// A verdict as the command and logs show it. Owner's tools.
#pragma once
#include <nlohmann/json.hpp>
#include "src/dcap/verify.h"

namespace cloister::dcap {

// The form that docs/attestation-verification.md describes. Fields of what verification did not reach are null.
nlohmann::ordered_json verdict_fields(const Quote& quote, const Judgement& judgement);

// `text` with "simulation: " before each line.
std::string marked_as_simulation(const std::string& text);

}  // namespace cloister::dcap
