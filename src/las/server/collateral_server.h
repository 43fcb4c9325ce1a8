// SPDX-License-Identifier: Apache-2.0
// Collateral over HTTPS in the API of Intel's PCCS. Host side; one thread, bounded connections, sizes and times.
#pragma once
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include "src/base/endpoint.h"
#include "src/las/server/pccs_answers.h"
#include "src/las/server/tls_certificate.h"

namespace cloister::las {

class CollateralServer {
 public:
  using Answer = std::function<PccsAnswer(const std::string& target)>;
  CollateralServer(boost::asio::io_context& io, Answer answer);
  ~CollateralServer();
  Result<Endpoint> listen(const Endpoint& at, const TlsCertificate& certificate, std::string& problem);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace cloister::las
