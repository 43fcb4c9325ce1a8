// SPDX-License-Identifier: Apache-2.0
// Pages of files, read in on demand: by whole chunks (the unit of verification) into the staging buffer, rewritten
// there if they are code with a plan, then published at once, so that no thread of the program sees a page half filled.
#include <algorithm>
#include "src/enclave/core/check.h"
#include "src/enclave/kernel/address_space/implementation.h"
#include "src/enclave/kernel/address_space/window.h"

namespace cloister::kernel {
namespace {
std::uint64_t chunk_down(std::uint64_t value) { return value & ~(kFileChunkSize - 1); }
std::uint64_t chunk_up(std::uint64_t value) { return chunk_down(value + kFileChunkSize - 1); }
}  // namespace

FaultResult AddressSpace::Implementation::read_in(Area& area, std::uint64_t page) {
  const std::uint64_t file_end = page_up(area.file->size());
  const std::uint64_t position = area.file_position(page);
  if (position >= file_end) return FaultResult::beyond_file;
  // The window is chosen by positions in the file, where chunks are aligned; `shift` leads back to addresses (and may
  // wrap).
  const std::uint64_t shift = area.start - area.file_offset;
  const PageRange shown{area.file_offset, std::min(area.file_offset + area.size(), file_end)};
  const PageRange before{area.last_window.start - shift, area.last_window.end - shift};
  const PageRange window = next_window(before, position, shown, {kFirstFileWindow, kLastFileWindow});
  PageRange run = absent_run(page, {window.start + shift, window.end + shift});
  if (!has_memory(run.size())) run = {page, page + kPageSize};
  if (!has_memory(run.size())) return FaultResult::out_of_memory;

  const std::uint64_t begin = chunk_down(run.start - shift);
  const std::uint64_t end = std::min(chunk_up(run.end - shift), file_end);
  ENCLAVE_CHECK(end - begin <= StagingBuffer::kSize);
  if (!area.file->read_pages(begin, staging.bytes(), end - begin).ok()) return FaultResult::beyond_file;
  std::uint8_t* const bytes = staging.bytes() + (run.start - shift - begin);
  area.last_window = run;
  if (area.is_code()) {
    if (area.module != nullptr && !area.module->rewrite(run.start, {bytes, run.size()}).ok()) {
      print_once(&mismatch_printed,
                 "cloister: a rewrite plan does not belong to its file; the program is stopped there\n");
      return FaultResult::beyond_file;
    }
    return core::publish_code(run.start, bytes, run.size()) == 0 ? FaultResult::resolved : FaultResult::out_of_memory;
  }
  // A page that is written back to its file stays read-only until the first write.
  const std::uint64_t permissions =
      area.is_written_back() ? std::uint64_t{kPageRead} : page_permissions(area.protection);
  const bool known = (permissions & kPageWrite) == 0 && area.file->is_known_to_host();
  const long error = known ? core::publish_shown(run.start, bytes, run.size(), permissions)
                           : core::publish_data(run.start, bytes, run.size(), permissions);
  return error == 0 ? FaultResult::resolved : FaultResult::out_of_memory;
}
}  // namespace cloister::kernel
