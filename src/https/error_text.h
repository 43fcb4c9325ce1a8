// SPDX-License-Identifier: Apache-2.0
// What a CAS answers instead: a JSON object with "error" and "hint". Both sides; pure.
#pragma once
#include "src/https/exchange.h"

namespace cloister::https {

// As one line, with the place ("line", "column") before it, if it has one; without control characters.
std::string error_text(const Response& response);

}  // namespace cloister::https
