// SPDX-License-Identifier: Apache-2.0
// Fetches collateral from a PCCS or from Intel's PCS, API version 3 or 4. Host side and owner's tools. What comes back
// is untrusted like any file: verification judges it.
#pragma once
#include "src/dcap/collateral_files.h"
#include "src/https/exchange.h"

namespace cloister::pccs {

using https::Url;

class Service {
 public:
  // `url` may end at the host or at the API, as in https://localhost:8081/sgx/certification/v4. `ca_file` as in
  // https::Options.
  static Result<Service> open(const std::string& url, const std::string& ca_file);
  // For where there are no certificates to trust and no names: connects to `address` (numeric) and takes any server.
  // That loses nothing but privacy, for every document is signed by its issuer.
  static Result<Service> open_anonymous(const std::string& url, const std::string& address);

  std::string text() const { return base_.text(); }
  // Fills in `kind`, and what the same answer brings besides (the TCB info's signing chain). On an error `problem` says
  // why.
  Result<void> fetch(dcap::CollateralKind kind, const dcap::CollateralRequest& request, dcap::CollateralFiles& files,
                     std::string& problem) const;

 private:
  Service(Url base, std::string version) : base_(std::move(base)), version_(std::move(version)) {}
  static Result<Service> parse(const std::string& url);
  Result<https::Response> get(const Url& url, dcap::CollateralKind kind, std::string& problem) const;
  Url address(dcap::CollateralKind kind, const dcap::CollateralRequest& request) const;

  Url base_;             // its path is what comes before "/sgx/"
  std::string version_;  // "v4"
  std::string ca_file_;
  std::string address_;
  bool any_server_ = false;
};

}  // namespace cloister::pccs
