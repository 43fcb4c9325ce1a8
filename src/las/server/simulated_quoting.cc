// SPDX-License-Identifier: Apache-2.0
#include "src/las/server/simulated_quoting.h"
#include <ctime>
#include "src/dcap/simulation/platform_svns.h"
#include "src/host/device/sim_platform.h"
#include "src/las/server/quoting_enclave_image.h"

namespace cloister::las {
namespace simulation = dcap::simulation;

Result<SimulatedPlatform> open_simulated_platform(const std::string& directory) {
  TRY(host::load_sim_platform(directory));  // makes the directory
  const simulation::PlatformSvns svns = TRY(simulation::load_svns(directory + "/svns"));
  simulation::Authority authority = TRY(simulation::load_authority(directory + "/attestation", std::time(nullptr)));
  auto leaves = TRY(start_quoting_enclave(directory, svns.qe_isvsvn));
  auto enclave = TRY(simulation::QuotingEnclave::start(authority, std::move(leaves), svns.pcesvn));
  return SimulatedPlatform{directory, std::move(authority), svns, std::move(enclave)};
}

Result<dcap::CollateralFiles> make_collateral(const SimulatedPlatform& platform, const CollateralWishes& wishes,
                                              dcap::UnixTime issued) {
  simulation::CollateralOptions options{.issued = issued, .revoked = {}};
  options.tcb_level = wishes.tcb_level;
  options.lifetime = dcap::UnixTime{wishes.days} * 86400;
  std::ranges::copy(platform.quoting_enclave.report_body().mrsigner, options.qe_mrsigner.begin());
  if (wishes.revoke) options.revoked.push_back(simulation::pck_serial(platform.quoting_enclave.pck()));
  return simulation::make_collateral(platform.authority, options);
}

Result<QuoteAnswer> SimulatedQuoting::quote(const QuoteRequest& request) {
  QuoteAnswer answer{TRY(enclave_.quote(request.report)), std::nullopt};
  if (request.qe_report_request)
    answer.qe_report =
        enclave_.certify(request.qe_report_request->nonce, answer.quote, request.qe_report_request->target);
  return answer;
}

}  // namespace cloister::las
