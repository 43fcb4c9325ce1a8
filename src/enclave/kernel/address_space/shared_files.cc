// SPDX-License-Identifier: Apache-2.0
// Shared file mappings seen by calls on their files. A store of another thread to a page while a call writes to the
// same page is lost; everything else is as if memory and file were one. A second view that could differ is refused.
#include <algorithm>
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {

// visit(area, range) for what shared mappings show of [offset, offset + size) of the file, in whole pages.
template <typename Visit>
void AddressSpace::Implementation::for_shown(const FileKey& key, std::uint64_t offset, std::uint64_t size,
                                             Visit visit) {
  const std::uint64_t first = page_down(offset), last = offset + std::min(size, ~offset);
  for (auto& [start, area] : areas) {
    if (area.is_anonymous() || !area.is_shared() || area.file->key() != key) continue;
    const std::uint64_t begin = std::max(first, area.file_offset), end = std::min(last, area.file_offset + area.size());
    if (begin < end)
      visit(area, PageRange{area.start + (begin - area.file_offset), area.start + (page_up(end) - area.file_offset)});
  }
}

// An enclave cannot show one page at two addresses, so one of two views would not see what is stored through the other.
// `replaced` is about to go, or is the area itself.
bool AddressSpace::Implementation::diverges(const Area& area, int protection, PageRange replaced) {
  if (area.is_anonymous() || !area.is_shared()) return false;
  bool found = false;
  for_shown(area.file->key(), area.file_offset, area.size(), [&](const Area& other, PageRange range) {
    const bool goes = range.start >= replaced.start && range.end <= replaced.end;
    found |= !goes && ((protection | other.protection) & PROT_WRITE) != 0;
  });
  return found;
}

bool AddressSpace::Implementation::shows(const FileKey& key) {
  return std::any_of(areas.begin(), areas.end(), [&](const auto& entry) {
    const Area& area = entry.second;
    return !area.is_anonymous() && area.is_shared() && area.file->key() == key;
  });
}

// What cannot be written stays changed, to be tried again at msync, which can say so.
void AddressSpace::Implementation::settle(const FileKey& key, std::uint64_t offset, std::uint64_t size) {
  for_shown(key, offset, size, [this](Area& area, PageRange range) {
    if (area.is_written_back()) (void)write_back(area, range).ok();
  });
}

void AddressSpace::Implementation::forget(const FileKey& key, std::uint64_t offset, std::uint64_t size) {
  for_shown(key, offset, size, [](Area& area, PageRange range) {
    (void)for_committed_runs(range, [&area](PageRange run, std::uint8_t state) -> Result<void> {
      if (area.is_written_back() && (state & kPageWrite) != 0) return {};  // changed since: the later of two writes
      return checked(core::remove_pages(run.start, run.size()));
    }).ok();
  });
}
}  // namespace cloister::kernel
