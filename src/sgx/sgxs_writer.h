// SPDX-License-Identifier: Apache-2.0
// Writes canonical SGXS streams and measures them on the way. Build and owner's tools.
#pragma once
#include <cstdint>
#include <span>
#include <vector>
#include "abi/sgx/page.h"
#include "src/base/result.h"
#include "src/sgx/measurement.h"

namespace cloister::sgx {

class SgxsWriter {
 public:
  // Appends to `out`, which must outlive the writer. `enclave_size_bytes` is a power of two of at least two pages.
  SgxsWriter(std::vector<std::uint8_t>& out, std::uint32_t ssa_frame_size_pages, std::uint64_t enclave_size_bytes);

  // A page whose contents are all measured. Errc::invalid for an offset that does not ascend, is no page's beginning or
  // lies outside the enclave; nothing is written then.
  Result<void> add_page(std::uint64_t page_offset, std::uint64_t secinfo_flags,
                        std::span<const std::uint8_t, kPageSize> page);
  // A page that is there (its EADD is measured) but whose contents are not.
  Result<void> add_unmeasured_page(std::uint64_t page_offset, std::uint64_t secinfo_flags,
                                   std::span<const std::uint8_t, kPageSize> page);

  // Of what was written so far.
  const Measurement& measurement() const { return measurement_; }

 private:
  Result<void> check(std::uint64_t page_offset);
  template <typename Record>
  void append(const Record& record);

  std::vector<std::uint8_t>& out_;
  Measurement measurement_;
  std::uint64_t enclave_size_;
  std::uint64_t lowest_next_ = 0;
};

}  // namespace cloister::sgx
