// SPDX-License-Identifier: Apache-2.0
// Collateral in a directory: a cache that works offline, and what the simulation publishes; `tools/pccs` serves one.
// Host side and owner's tools. Its layout follows the API's paths:
//   sgx/tcb/FMSPC.json  tdx/tcb/FMSPC.json  sgx/qe_identity.json  tdx/qe_identity.json  tcb_signing.pem
//   pckcrl/platform.der  pckcrl/processor.der  rootcacrl.der
// Whoever writes to it can only make verification fail: everything in it is signed.
#pragma once
#include <string>
#include "src/dcap/collateral_files.h"

namespace cloister::pccs {

class Directory {
 public:
  explicit Directory(std::string path) : path_(std::move(path)) {}

  // Errc::io where it has none.
  Result<dcap::CollateralFile> read(dcap::CollateralKind kind, const dcap::CollateralRequest& request) const;
  // Replaces the file in one step. Makes the directories.
  Result<void> write(dcap::CollateralKind kind, const dcap::CollateralRequest& request, dcap::Bytes bytes) const;
  std::string file_name(dcap::CollateralKind kind, const dcap::CollateralRequest& request) const;

 private:
  std::string path_;
};

}  // namespace cloister::pccs
