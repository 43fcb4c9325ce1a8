// SPDX-License-Identifier: Apache-2.0
// "tcbLevels" of enclave and TDX module identities. Inside src/dcap only.
#pragma once
#include <vector>
#include "src/dcap/json_fields.h"
#include "src/dcap/tcb_info.h"

namespace cloister::dcap {

// Sorted, the highest ISVSVN first. Errc::invalid for a level that is malformed or there twice.
Result<std::vector<IsvsvnLevel>> parse_isvsvn_levels(const JsonFields& fields);
// The level of an enclave or module with this ISVSVN; null where it is below all levels.
const IsvsvnLevel* find_level(const std::vector<IsvsvnLevel>& levels, std::uint16_t isvsvn);

}  // namespace cloister::dcap
