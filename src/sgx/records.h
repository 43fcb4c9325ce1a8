// SPDX-License-Identifier: Apache-2.0
// Fills in the 64-byte measurement records of ECREATE, EADD and EEXTEND. Both sides; pure functions over bytes.
// MRENCLAVE and the SGXS file format are made from the same records, so they are built in this one place.
#pragma once
#include <cstdint>
#include "abi/sgx/record.h"

namespace cloister::sgx {

constexpr EcreateRecord ecreate_record(std::uint32_t ssa_frame_size_pages, std::uint64_t enclave_size_bytes) {
  return {.tag = kTagEcreate, .ssaframesize = ssa_frame_size_pages, .size = enclave_size_bytes, .zero = {}};
}
constexpr EaddRecord eadd_record(std::uint64_t page_offset, std::uint64_t secinfo_flags) {
  return {.tag = kTagEadd, .offset = page_offset, .secinfo_flags = secinfo_flags, .secinfo_rest = {}};
}
constexpr EextendRecord eextend_record(std::uint64_t offset) {
  return {.tag = kTagEextend, .offset = offset, .zero = {}};
}
constexpr EextendRecord unmeasured_record(std::uint64_t offset) {
  return {.tag = kTagUnmeasured, .offset = offset, .zero = {}};
}

}  // namespace cloister::sgx
