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
// Errc::invalid. Field names are the SDM's in lower case. Byte strings (mrenclave, attributes, …) are hexadecimal in
// memory order; vendor, date, swdefined, miscselect and miscmask are 32-bit numbers as eight hexadecimal digits.
Result<Inspection> inspect(std::span<const std::uint8_t> file, Rendering rendering);

}  // namespace cloister::sgx
