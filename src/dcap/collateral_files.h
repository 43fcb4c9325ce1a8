// SPDX-License-Identifier: Apache-2.0
// Collateral as files, from wherever they come: named by the user, out of a cache, from a service. Both sides; no I/O.
#pragma once
#include <array>
#include <string>
#include "src/dcap/verify.h"

namespace cloister::dcap {

enum class CollateralKind : std::uint8_t { tcb_info, qe_identity, pck_crl, root_crl, tcb_signing, pck_ca };
inline constexpr std::size_t kCollateralKinds = 6;

struct CollateralFile {
  OwnedBytes bytes;    // empty: there is none
  std::string source;  // for messages: a file name or an address
};
struct CollateralFiles {
  std::array<CollateralFile, kCollateralKinds> files;
  CollateralFile& operator[](CollateralKind kind) { return files[static_cast<std::size_t>(kind)]; }
  const CollateralFile& operator[](CollateralKind kind) const { return files[static_cast<std::size_t>(kind)]; }
};

// "TCB info", "PCK CRL" and so on.
const char* name(CollateralKind kind);
// The largest file of a kind that is worth reading.
std::size_t size_limit(CollateralKind kind);

// Parses what is there. TCB info and QE identity must be. On an error `culprit` is the file's
// kind.
Result<Collateral> parse_collateral(const CollateralFiles& files, Cache& cache, CollateralKind& culprit);

// What collateral a quote needs: everything in it but TEE comes from its PCK certificate, which nobody has verified
// yet.
struct CollateralRequest {
  bool tdx;
  std::array<std::uint8_t, 6> fmspc;
  bool platform_ca;  // else the processor CA
};
Result<CollateralRequest> collateral_request(const Quote& quote, Cache& cache);

}  // namespace cloister::dcap
