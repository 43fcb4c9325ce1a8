// SPDX-License-Identifier: Apache-2.0
// mremap. Enclave pages cannot move, so a mapping that moves is copied; a growing one goes where it can grow again in
// place.
#include <linux/mman.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {

// Makes the area longer if what follows is free.
bool AddressSpace::Implementation::extend(Area& area, std::uint64_t end) {
  const PageRange more{area.end, end};
  if (!is_within_program(more.start, more.size()) || !areas.is_free(more)) return false;
  Area addition = area;
  addition.start = more.start;
  addition.end = more.end;
  addition.flags &= ~MAP_GROWSDOWN;
  if (!addition.is_anonymous()) addition.file_offset = area.file_position(more.start);
  areas.insert(std::move(addition));
  return true;
}

// The contents of committed pages, and then the area itself; `to` is free and at least as large as `from`, all of which
// is `area`.
Result<std::uint64_t> AddressSpace::Implementation::move(Area area, PageRange from, PageRange to) {
  area.file_offset = area.is_anonymous() ? 0 : area.file_position(from.start);
  area.start = to.start;
  area.end = to.end;
  area.last_window = {};
  if (area.module != nullptr)
    area.module = nullptr;  // its jumps are for the old address; here its system calls are trapped
  const bool file_code = area.is_code() && !area.is_anonymous() && !area.modified;  // comes again from the file
  if (!file_code) {
    TRY(for_committed_runs(from, [&](PageRange run, std::uint8_t state) -> Result<void> {
      for (std::uint64_t at = run.start; at < run.end; at += StagingBuffer::kSize) {
        const std::uint64_t size = std::min<std::uint64_t>(run.end - at, StagingBuffer::kSize);
        // Read-only before the copy: a store that comes during it must fault, not be lost with the old page.
        TRY(checked(core::protect_pages(at, size, kPageRead)));
        std::memcpy(staging.bytes(), reinterpret_cast<const void*>(at), size);
        // First the old pages go, so that a full enclave can move its memory.
        TRY(checked(core::remove_pages(at, size)));
        const std::uint64_t target = to.start + (at - from.start);
        const std::uint64_t permissions = state & core::kPagePermissions;
        put_back(target, size, permissions & ~kPageExecute);
        if ((permissions & kPageExecute) != 0) TRY(switch_to_code({target, target + size}));
      }
      return {};
    }));
  } else {
    TRY(checked(core::remove_pages(from.start, from.size())));
  }
  areas.erase(from);
  placement.released(areas, from);
  areas.insert(std::move(area));
  release_unused_modules();
  return to.start;
}

Result<std::uint64_t> AddressSpace::Implementation::remap(std::uint64_t old_address, std::uint64_t old_size,
                                                          std::uint64_t new_size, int flags,
                                                          std::uint64_t new_address) {
  const bool fixed = (flags & MREMAP_FIXED) != 0, may_move = (flags & MREMAP_MAYMOVE) != 0;
  if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) != 0 || (fixed && !may_move)) return failure(EINVAL);
  if (old_address % kPageSize != 0) return failure(EINVAL);
  old_size = page_up(old_size);
  new_size = page_up(new_size);
  if (new_size == 0) return failure(EINVAL);
  if (!fixed && new_size > program().size()) return failure(ENOMEM);
  if (fixed) {
    if (new_address % kPageSize != 0 || new_size > options.high || new_address > options.high - new_size)
      return failure(EINVAL);
    if (old_size > options.high || old_address > options.high - old_size) return failure(EINVAL);
    if (new_address < old_address + old_size && old_address < new_address + new_size) return failure(EINVAL);
    if (new_address < options.low) return failure(EPERM);
  }
  Area* area = areas.find(old_address);
  if (area == nullptr) return failure(EFAULT);
  if (old_size == 0) return failure(EINVAL);  // a second view of a shared mapping: not served
  if (!fixed && new_size <= old_size) {
    if (new_size < old_size) TRY(unmap(old_address + new_size, old_size - new_size));
    return old_address;
  }
  if (areas.count() + 4 > kMaxAreas) return failure(ENOMEM);
  const PageRange from{old_address, old_address + std::min(old_size, new_size)};  // what is kept
  if (from.end > area->end) return failure(EFAULT);
  if (fixed) {
    TRY(release({new_address, new_address + new_size}));
    if (new_size < old_size) TRY(release({from.end, old_address + old_size}));
    area = areas.find(old_address);
  }
  const std::uint64_t more = new_size > old_size ? new_size - old_size : 0;
  if (more != 0) {
    Area grown = *area;
    if (!grown.is_anonymous()) grown.file_offset = area->file_position(old_address);
    grown.start = old_address;
    grown.end = old_address + new_size;
    if (diverges(grown, area->protection, from)) return failure(EINVAL);
  }
  if (more != 0 && !has_room(more)) return failure(ENOMEM);
  if (more != 0 && is_promised(area->protection, area->flags) && !promise(more)) return failure(ENOMEM);
  if (!fixed) {
    if (area->end == from.end && extend(*area, old_address + new_size)) return old_address;
    if (!may_move) return failure(ENOMEM);
    // Room for as much again: the next growth is likely.
    std::uint64_t place = placement.anywhere(areas, 2 * new_size);
    if (place == 0) place = placement.anywhere(areas, new_size);
    if (place == 0) return failure(ENOMEM);
    new_address = place;
  }
  areas.isolate(from);
  return move(*areas.find(old_address), from, {new_address, new_address + new_size});
}
}  // namespace cloister::kernel
