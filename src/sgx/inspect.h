// SPDX-License-Identifier: Apache-2.0
// Says in words what a SIGSTRUCT or an SGXS enclave image is and whether it holds. Owner's tools; not in an enclave
// image.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include "src/base/result.h"

namespace cloister::sgx {

enum class Rendering { text, json };

struct Inspection {
  std::string output;  // ends with a newline
  // SIGSTRUCT: verify() holds. SGXS, which is not signed: the stream is canonical, so that it can be loaded.
  bool holds;
};

// A SIGSTRUCT is known by its 1808 bytes, an SGXS stream by its ECREATE (or UNSIZED) record; anything else is
// Errc::invalid. Field names are the SDM's in lower case. Values are hexadecimal in memory order (miscselect 01000000
// is EXINFO), but for vendor and date, which are numbers of eight hexadecimal digits, and for isvprodid, isvsvn,
// exponent and sizes, which are decimal.
Result<Inspection> inspect(std::span<const std::uint8_t> file, Rendering rendering);

}  // namespace cloister::sgx
