// SPDX-License-Identifier: Apache-2.0
// A certificate and its evidence in words, for the command. Owner's tools. Nothing is verified.
#pragma once
#include <nlohmann/json.hpp>
#include "src/ratls/evidence.h"

namespace cloister::ratls {

// Names, dates and key of the certificate.
nlohmann::ordered_json certificate_fields(const Certificate& certificate);
// One object for each: format, OID, claims, and what binds the quote to the key, or why nothing does.
nlohmann::ordered_json evidence_fields(const std::vector<Evidence>& evidence, const Certificate& certificate);

}  // namespace cloister::ratls
