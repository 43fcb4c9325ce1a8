// SPDX-License-Identifier: Apache-2.0
// What verbs that look at quotes were given: a quote, or a certificate with quotes in it. Owner's side.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include "src/ratls/evidence.h"

namespace cloister {

struct QuoteInput {
  std::vector<std::uint8_t> bytes;  // all views lead into it
  dcap::Quote quote;                // of a certificate the first one
  std::optional<ratls::Certificate> certificate;
  std::vector<ratls::Evidence> evidence;  // of the certificate
};

// Errors' texts continue a line that began with the file's name.
Result<QuoteInput> read_quote_input(const std::string& path);

// Everything that it claims: of a quote its fields; of a certificate `certificate`, the list `evidence`, and `quote`.
nlohmann::ordered_json fields_of(const QuoteInput& input);
// The same with "evidence_1" and so on instead of the list, and members of members in the place of those, for lines of
// text.
nlohmann::ordered_json one_level(const nlohmann::ordered_json& fields);

}  // namespace cloister
