// SPDX-License-Identifier: Apache-2.0
#include "src/las/server/serve.h"
#include <sys/resource.h>
#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <ctime>
#include "src/las/server/collateral_server.h"
#include "src/las/server/quoting_server.h"

namespace cloister::las {
namespace {
// Made anew when it is asked for an hour later, so that it never comes near its end.
class CurrentCollateral {
 public:
  CurrentCollateral(const SimulatedPlatform& platform, const CollateralWishes& wishes)
      : platform_(platform), wishes_(wishes) {}
  Result<void> renew(dcap::UnixTime now) {
    files_ = TRY(make_collateral(platform_, wishes_, now));
    issued_ = now;
    return {};
  }
  PccsAnswer answer(const std::string& target) {
    const dcap::UnixTime now = std::time(nullptr);
    // A clock that was set back: nothing may be issued in the future.
    if ((now < issued_ || now - issued_ > 3600) && !renew(now).ok()) return {500, {}, {}};
    return pccs_answer(target, files_, dcap::simulation::kCollateralRequest);
  }

 private:
  const SimulatedPlatform& platform_;
  const CollateralWishes wishes_;
  dcap::CollateralFiles files_;
  dcap::UnixTime issued_ = 0;
};

// Room for every connection that the servers allow.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 4096));
  setrlimit(RLIMIT_NOFILE, &limit);
}
}  // namespace

Result<void> serve_simulation(const ServeOptions& options, const std::function<void(const Serving&)>& began,
                              std::string& problem) {
  problem = options.directory;
  const SimulatedPlatform platform = TRY(open_simulated_platform(options.directory));
  const TlsCertificate certificate = TRY(tls_certificate(options.directory + "/attestation"));
  CurrentCollateral current(platform, options.collateral);
  TRY(current.renew(std::time(nullptr)));

  raise_descriptor_limit();
  boost::asio::io_context io(1);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
  SimulatedQuoting service(platform.quoting_enclave);
  QuotingServer quoting(io, service, {});
  CollateralServer collateral(io, [&current](const std::string& target) { return current.answer(target); });
  auto listen = TRY(quoting.listen(options.listen, problem));
  auto collateral_listen = TRY(collateral.listen(options.collateral_listen, certificate, problem));
  Serving serving{.listen = std::move(listen),
                  .collateral = std::move(collateral_listen),
                  .tls_certificate_file = certificate.file,
                  .root_file = platform.root_file(),
                  .quoting_enclave = platform.quoting_enclave.report_body()};
  began(serving);
  io.run();
  return {};
}

}  // namespace cloister::las
