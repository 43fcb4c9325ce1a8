// SPDX-License-Identifier: Apache-2.0
// A signed head as one line of text: "SEQUENCE HASH SIGNATURE", a decimal number and hexadecimal digits. CAS's API
// sends it with every answer. Both sides; pure.
#pragma once
#include <string>
#include <string_view>
#include "src/audit/chain.h"

namespace cloister::audit {

inline constexpr char kHeadHeader[] = "Cloister-Audit-Head";

std::string head_text(const Head& head);
// Errc::invalid for anything that head_text() does not write.
Result<Head> parse_head_text(std::string_view text);

}  // namespace cloister::audit
