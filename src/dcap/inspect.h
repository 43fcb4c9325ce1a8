// SPDX-License-Identifier: Apache-2.0
// Says in words what a quote claims. Owner's tools. Nothing is verified.
#pragma once
#include <nlohmann/json.hpp>
#include "src/dcap/quote.h"

namespace cloister::dcap {

// Every field, named as in Intel's documents in lower case; nested objects for body, QE report and PCK certificate
// chain. Byte fields are hexadecimal in memory order; `simulation` is there where the root's certificate says that it
// is one of a simulation.
nlohmann::ordered_json quote_fields(const Quote& quote);
// What a body says of its enclave or trust domain, without attributes in words: for verdicts.
nlohmann::ordered_json identity_fields(const QuoteBody& body);
// Whether the body is of an enclave or trust domain that can be debugged.
bool is_debug(const QuoteBody& body);

}  // namespace cloister::dcap
