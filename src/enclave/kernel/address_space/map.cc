// SPDX-License-Identifier: Apache-2.0
// mmap and munmap: checks in Linux's order, placement, and what is made at once.
#include <linux/mman.h>
#include <algorithm>
#include "src/enclave/core/kept_pages.h"
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {
namespace {
constexpr int kKeptFlags = MAP_PRIVATE | MAP_SHARED | MAP_STACK | MAP_GROWSDOWN | MAP_NORESERVE | MAP_LOCKED;
constexpr int kProtections = PROT_READ | PROT_WRITE | PROT_EXEC;

// MAP_SHARED_VALIDATE refuses what it does not know.
constexpr int kKnownFlags = MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE |
                            MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_FIXED_NOREPLACE |
                            MAP_UNINITIALIZED | MAP_32BIT;

Result<bool> wants_sharing(int flags) {
  switch (flags & MAP_TYPE) {
    case MAP_PRIVATE: return false;
    case MAP_SHARED: return true;
    case MAP_SHARED_VALIDATE:
      if ((flags & ~kKnownFlags) != 0) return failure(EOPNOTSUPP);
      return true;
    default: return failure(EINVAL);
  }
}
}  // namespace

bool AddressSpace::Implementation::has_room(std::uint64_t size) const {
  return areas.count() < kMaxAreas && size <= limits.address_space &&
         areas.mapped_bytes() <= limits.address_space - size;
}

Result<std::uint64_t> AddressSpace::Implementation::map(const MapRequest& request) {
  if (request.offset % kPageSize != 0 || request.size == 0) return failure(EINVAL);
  const std::uint64_t size = page_up(request.size);
  if (size == 0) return failure(ENOMEM);
  if (request.offset + size < request.offset) return failure(EOVERFLOW);
  const bool fixed = (request.flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
  if (size > options.high - options.low || (fixed && request.address > options.high - size)) return failure(ENOMEM);
  if (fixed && request.address % kPageSize != 0) return failure(EINVAL);
  if (fixed && request.address < options.low) return failure(EPERM);
  PageRange range{request.address, request.address + size};
  if ((request.flags & MAP_FIXED_NOREPLACE) != 0 && !areas.is_free(range)) return failure(EEXIST);
  const bool shared = TRY(wants_sharing(request.flags));
  if ((request.flags & MAP_HUGETLB) != 0) return failure(ENOMEM);  // as on a system without reserved huge pages
  if (request.file != nullptr && (request.flags & MAP_GROWSDOWN) != 0) return failure(EINVAL);

  Area area;
  area.protection = request.protection & kProtections;
  area.flags = (request.flags & kKeptFlags & ~MAP_SHARED_VALIDATE) | (shared ? MAP_SHARED : MAP_PRIVATE);
  if (locks_future) area.flags |= MAP_LOCKED;
  area.name = request.name;
  if (request.file != nullptr) {
    area.file = request.file;
    area.file_offset = request.offset;
    area.file_writable = shared && request.file_writable;
    area.modified = (area.protection & PROT_WRITE) != 0;
    if (shared && (area.protection & PROT_WRITE) != 0) {
      if (!area.file_writable) return failure(EACCES);
      if (!area.file->can_write_pages()) return failure(ENODEV);
    }
  }
  area.end = size;  // the part of the file; where it will lie is decided below
  if (diverges(area, area.protection, fixed ? range : PageRange{}))
    return Error::from_errno(ENODEV, "shares bytes with another mapping, and one of them is written");
  TRY(check_executable(area.protection, area.file.get(), area.modified));
  if (!has_room(size)) return failure(ENOMEM);

  if (!fixed) {
    const std::uint64_t hint = std::max(page_up(request.address), options.low);
    std::uint64_t place = 0;
    if (request.address != 0 && is_within_program(hint, size) && areas.is_free({hint, hint + size}))
      place = hint;
    else if ((request.flags & MAP_32BIT) != 0)
      place = placement.below_2_gib(areas, size);
    else if ((request.flags & MAP_GROWSDOWN) != 0 &&
             areas.is_free({placement.stack_top() - size, placement.stack_top()}))
      place = placement.stack_top() - size;
    else
      place = placement.anywhere(areas, size);
    if (place == 0) return failure(ENOMEM);
    range = {place, place + size};
  } else {
    TRY(release(range));
  }
  if (is_promised(area.protection, area.flags) && !promise(size)) return failure(ENOMEM);

  area.start = range.start;
  area.end = range.end;
  if (shared && !area.is_anonymous()) has_shared_files.store(true, std::memory_order_relaxed);
  if (area.is_code()) area.module = make_module(area);
  Area& placed = areas.insert(std::move(area));
  constexpr int kLater = MAP_NORESERVE | MAP_STACK | MAP_GROWSDOWN;
  const bool wanted = placed.is_anonymous() && (placed.protection & PROT_WRITE) != 0 && (placed.flags & kLater) == 0;
  if (wanted && !fixed) reuse(range);
  if (wanted && size <= kEagerSize && has_memory(size)) {
    // A failure shows at the first touch.
    if (core::commit_pages(range.start, size, kPageRead | kPageWrite) == 0) placed.last_window = range;
  } else if (((request.flags & (MAP_POPULATE | MAP_LOCKED)) != 0 && (request.flags & MAP_NONBLOCK) == 0) ||
             (locks_future && future_pages == LockedPages::at_once && placed.protection != PROT_NONE)) {
    populate(range, (placed.protection & PROT_WRITE) != 0 ? core::Access::write : core::Access::read);
  }
  return range.start;
}

// Pages that are still there come back at once, at the beginning of a range that the program does not know yet. What
// nobody needed last time is not there.
void AddressSpace::Implementation::reuse(PageRange range) {
  const std::uint64_t size = std::min(range.size(), kReuseSize);
  if (!has_memory(size)) return;
  // What fails comes at the first touch.
  if (core::reuse_pages(range.start, size) != 0) return;
}

// Best effort, as in Linux: mmap succeeds even if not all of it can be brought in.
void AddressSpace::Implementation::populate(PageRange range, core::Access access) {
  for (std::uint64_t page = range.start; page < range.end; page += kPageSize)
    if (!is_committed(page) && resolve_fault(page, access) != FaultResult::resolved) return;
}

Result<void> AddressSpace::Implementation::unmap(std::uint64_t address, std::uint64_t size) {
  if (address % kPageSize != 0 || size == 0 || size > options.high || address > options.high - size)
    return failure(EINVAL);
  const PageRange range = PageRange{address, address + page_up(size)}.clipped_to(program());
  if (range.is_empty()) return {};
  // A hole in the middle makes one mapping more.
  const Area* const around = areas.find(range.start);
  if (around != nullptr && around->start < range.start && around->end > range.end && areas.count() >= kMaxAreas)
    return failure(ENOMEM);
  return release(range);
}

Result<void> AddressSpace::Implementation::release(PageRange range) {
  if (areas.is_free(range)) return {};
  bool has_modules = false;
  areas.isolate(range);
  for (auto at = areas.first_above(range.start); at != areas.end() && at->second.start < range.end; ++at) {
    has_modules |= at->second.module != nullptr;
    write_back_at_last(at->second);
  }
  TRY(checked(core::release_pages(range.start, range.size())));
  areas.erase(range);
  placement.released(areas, range);
  if (has_modules) release_unused_modules();
  return {};
}

void AddressSpace::Implementation::clear() {
  (void)release(program()).ok();
  (void)core::drop_kept_pages(options.low, options.high - options.low);
  modules.clear();
  brk_start = brk_end = 0;
  placement.reset(program(), limits.stack);
}
}  // namespace cloister::kernel
