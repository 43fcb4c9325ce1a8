// SPDX-License-Identifier: Apache-2.0
// Intel's TCB statuses and how the statuses of a quote's parts become one. Both sides; pure functions. Source: Intel's
// Quote Verification Library (convergence, relaunch) and the PCS API (names).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cloister::dcap {

enum class TcbStatus : std::uint8_t {
  up_to_date,
  sw_hardening_needed,
  configuration_needed,
  configuration_and_sw_hardening_needed,
  out_of_date,
  out_of_date_configuration_needed,
  td_relaunch_advised,
  td_relaunch_advised_configuration_needed,
  revoked,
  not_supported,  // no TCB level matches
};

// Intel's names: "UpToDate", "SWHardeningNeeded" and so on.
const char* name(TcbStatus status);
// The statuses that a TCB level in a document may have.
std::optional<TcbStatus> level_status(std::string_view name);

// The platform's status together with those of the quoting enclave and the TDX module: an outdated part makes the whole
// outdated, a revoked part revokes it.
TcbStatus converge(TcbStatus platform, std::span<const TcbStatus> parts);
// `launch` is the converged status of the TDX module at the TD's launch, `current` of the one that runs now: when only
// the first is outdated, launching the TD again mends it.
TcbStatus with_relaunch(TcbStatus launch, TcbStatus current);

}  // namespace cloister::dcap
