// SPDX-License-Identifier: Apache-2.0
// The collateral that goes with simulated quotes, signed below the simulation's root, in the forms that Intel's service
// sends. Host side; pure but for the signatures' randomness.
#pragma once
#include "src/dcap/collateral_files.h"
#include "src/dcap/simulation/quoting_enclave.h"

namespace cloister::dcap::simulation {

// A platform whose components' SVNs (the bytes of its CPUSVN) all reach `tcb_level` is up to date; one at a lower level
// is out of date, one at level 0 is revoked. Raising the level makes yesterday's platforms outdated.
struct CollateralOptions {
  std::uint8_t tcb_level = 1;                                           // 1 to 255; the tcbEvaluationDataNumber too
  std::uint16_t pcesvn = kCurrentPcesvn, qe_isvsvn = kCurrentQeIsvsvn;  // what an up-to-date platform must have
  std::array<std::uint8_t, 32> qe_mrsigner{};                           // whose quoting enclave is good
  UnixTime issued;
  UnixTime lifetime = UnixTime{30} * 86400;  // until nextUpdate
  // Serial numbers (pck_serial()) of platforms that are taken back.
  std::vector<std::array<std::uint8_t, 20>> revoked;
};
Result<CollateralFiles> make_collateral(const Authority& authority, const CollateralOptions& options);

// What make_collateral()'s files answer.
inline constexpr CollateralRequest kCollateralRequest{.tdx = false, .fmspc = kFmspc, .platform_ca = true};

}  // namespace cloister::dcap::simulation
