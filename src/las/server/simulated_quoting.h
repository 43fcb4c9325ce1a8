// SPDX-License-Identifier: Apache-2.0
// Quoting of the simulated platform, and all else that its owner has: authority, SVNs, collateral. Host side. Who reads
// the simulation's directory can forge everything that comes from here.
#pragma once
#include <memory>
#include <string>
#include "src/dcap/simulation/collateral.h"
#include "src/las/quoting_service.h"

namespace cloister::las {

// What an installation's simulation consists of, opened once for each process (it starts the quoting enclave).
struct SimulatedPlatform {
  std::string directory;
  dcap::simulation::Authority authority;
  dcap::simulation::PlatformSvns svns;
  dcap::simulation::QuotingEnclave quoting_enclave;

  std::string root_file() const { return directory + "/attestation/root.pem"; }
};
Result<SimulatedPlatform> open_simulated_platform(const std::string& directory);

// How the collateral differs from the usual, by the names of the command line.
struct CollateralWishes {
  std::uint8_t tcb_level = 1;
  std::uint16_t days = 30;
  bool revoke = false;  // the platform's own PCK certificate
};
Result<dcap::CollateralFiles> make_collateral(const SimulatedPlatform& platform, const CollateralWishes& wishes,
                                              dcap::UnixTime issued);

class SimulatedQuoting final : public QuotingService {
 public:
  explicit SimulatedQuoting(const dcap::simulation::QuotingEnclave& enclave) : enclave_(enclave) {}
  const char* name() const override { return "simulation"; }
  Result<sgx::Targetinfo> init() override { return enclave_.targetinfo(); }
  Result<std::uint32_t> quote_size() override { return static_cast<std::uint32_t>(enclave_.quote_size()); }
  Result<QuoteAnswer> quote(const QuoteRequest& request) override;

 private:
  const dcap::simulation::QuotingEnclave& enclave_;
};

}  // namespace cloister::las
