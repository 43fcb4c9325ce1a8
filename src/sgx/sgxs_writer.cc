// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/sgxs_writer.h"
#include "src/sgx/records.h"

namespace cloister::sgx {

template <typename Record>
void SgxsWriter::append(const Record& record) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&record);
  out_.insert(out_.end(), bytes, bytes + sizeof record);
}

SgxsWriter::SgxsWriter(std::vector<std::uint8_t>& out, std::uint32_t ssa_frame_size_pages,
                       std::uint64_t enclave_size_bytes)
    : out_(out), measurement_(ssa_frame_size_pages, enclave_size_bytes), enclave_size_(enclave_size_bytes) {
  append(ecreate_record(ssa_frame_size_pages, enclave_size_bytes));
}

Result<void> SgxsWriter::check(std::uint64_t page_offset) {
  if (page_offset % kPageSize != 0) return Error(Errc::invalid, "a page offset is no multiple of 4096");
  if (page_offset >= enclave_size_) return Error(Errc::invalid, "a page lies outside the enclave");
  if (page_offset < lowest_next_) return Error(Errc::invalid, "pages must be added in ascending order");
  lowest_next_ = page_offset + kPageSize;
  return {};
}

Result<void> SgxsWriter::add_page(std::uint64_t page_offset, std::uint64_t secinfo_flags,
                                  std::span<const std::uint8_t, kPageSize> page) {
  TRY(check(page_offset));
  measurement_.add_page(page_offset, secinfo_flags, page);
  append(eadd_record(page_offset, secinfo_flags));
  for (std::size_t at = 0; at < kPageSize; at += kExtendSize) {
    append(eextend_record(page_offset + at));
    out_.insert(out_.end(), page.begin() + at, page.begin() + at + kExtendSize);
  }
  return {};
}

Result<void> SgxsWriter::add_unmeasured_page(std::uint64_t page_offset, std::uint64_t secinfo_flags,
                                             std::span<const std::uint8_t, kPageSize> page) {
  TRY(check(page_offset));
  measurement_.eadd(page_offset, secinfo_flags);
  append(eadd_record(page_offset, secinfo_flags));
  for (std::size_t at = 0; at < kPageSize; at += kExtendSize) {
    append(unmeasured_record(page_offset + at));
    out_.insert(out_.end(), page.begin() + at, page.begin() + at + kExtendSize);
  }
  return {};
}

}  // namespace cloister::sgx
