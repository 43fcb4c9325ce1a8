// SPDX-License-Identifier: Apache-2.0
// Writable shared mappings of files: private pages that are written to the file at msync, munmap and exit. A page has
// been changed if it is writable, since the first write makes it so.
#include <algorithm>
#include <cstring>
#include <string>
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {

Result<void> AddressSpace::Implementation::write_back(Area& area, PageRange range) {
  const std::uint64_t file_size = area.file->size();
  return for_committed_runs(range, [&](PageRange run, std::uint8_t state) -> Result<void> {
    if ((state & kPageWrite) == 0) return {};
    for (std::uint64_t at = run.start; at < run.end; at += StagingBuffer::kSize) {
      const std::uint64_t position = area.file_position(at);
      if (position >= file_size) return {};
      const std::uint64_t size = std::min<std::uint64_t>(run.end - at, StagingBuffer::kSize);
      // Clean before the copy: a write that comes during it marks the page again.
      TRY(checked(core::protect_pages(at, size, kPageRead)));
      std::memcpy(staging.bytes(), reinterpret_cast<const void*>(at), size);
      const auto written = area.file->write_pages(position, staging.bytes(), std::min(size, file_size - position));
      if (!written.ok()) {
        TRY(checked(core::protect_pages(at, size, kPageRead | kPageWrite)));  // still to be written
        return written.error();
      }
    }
    return {};
  });
}

// Where no call is left that could tell: what cannot be written is lost, as after a failing disk, and that is said.
void AddressSpace::Implementation::write_back_at_last(Area& area) {
  if (!area.is_written_back()) return;
  const auto done = write_back(area, area.range());
  if (done.ok()) return;
  const std::string line = "cloister: " + area.file->path() +
                           ": what was stored to its mapping is lost: " + std::strerror(done.error().errno_value()) +
                           "\n";
  core::print_to_host(core::PrintStream::error, line.data(), line.size());
}

Result<void> AddressSpace::Implementation::synchronise(std::uint64_t address, std::uint64_t size, int flags) {
  const std::uint64_t end = address + page_up(size);
  if (address % kPageSize != 0) return failure(EINVAL);
  if (end < address) return failure(ENOMEM);
  bool hole = false;
  while (address < end) {
    const auto at = areas.first_above(address);
    if (at == areas.end() || at->second.start >= end) return failure(ENOMEM);
    Area& area = at->second;
    hole |= area.start > address;
    const PageRange piece = PageRange{address, end}.clipped_to(area.range());
    address = piece.end;
    if ((flags & MS_INVALIDATE) != 0 && (area.flags & MAP_LOCKED) != 0) return failure(EBUSY);
    if (area.is_written_back()) TRY(write_back(area, piece));
  }
  if (hole) return failure(ENOMEM);
  return {};
}
}  // namespace cloister::kernel
