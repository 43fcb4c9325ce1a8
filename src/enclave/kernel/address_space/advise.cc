// SPDX-License-Identifier: Apache-2.0
// madvise: DONTNEED and its kin give memory back, the fork advices are remembered, the rest is accepted.
#include <linux/mman.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {
namespace {
constexpr int kPopulateRead = 22, kPopulateWrite = 23, kDontNeedLocked = 24,
              kCollapse = 25;  // younger than Debian 12's headers

bool is_known(int advice) {
  switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_WILLNEED:
    case MADV_DONTNEED:
    case MADV_FREE:
    case MADV_REMOVE:
    case MADV_DONTFORK:
    case MADV_DOFORK:
    case MADV_MERGEABLE:
    case MADV_UNMERGEABLE:
    case MADV_HUGEPAGE:
    case MADV_NOHUGEPAGE:
    case MADV_DONTDUMP:
    case MADV_DODUMP:
    case MADV_WIPEONFORK:
    case MADV_KEEPONFORK:
    case MADV_COLD:
    case MADV_PAGEOUT:
    case kPopulateRead:
    case kPopulateWrite:
    case kDontNeedLocked:
    case kCollapse: return true;
    default: return false;
  }
}
}  // namespace

// The pages' contents go: zeroes come back, or what the file holds.
Result<void> AddressSpace::Implementation::discard(Area& area, PageRange range) {
  if (area.is_shared()) return {};  // the object keeps them
  // Zeroing 4 KiB costs about 0.1 us, a page that comes anew 3 us, in secret memory 20 and more. But memory is to be
  // given back, too.
  if (!area.is_anonymous() || core::count_committed(range.start, range.end) * kPageSize > kZeroInPlace)
    return checked(core::remove_pages(range.start, range.size()));
  return for_committed_runs(range, [](PageRange run, std::uint8_t state) -> Result<void> {
    if ((state & kPageWrite) == 0) return checked(core::remove_pages(run.start, run.size()));
    std::memset(reinterpret_cast<void*>(run.start), 0, run.size());
    return {};
  });
}

Result<void> AddressSpace::Implementation::advise(std::uint64_t address, std::uint64_t size, int advice) {
  if (!is_known(advice) || address % kPageSize != 0) return failure(EINVAL);
  const std::uint64_t end = address + page_up(size);
  if (end < address || (size != 0 && page_up(size) == 0)) return failure(EINVAL);
  if (end == address) return {};

  bool hole = false;
  const std::uint64_t begin = address;
  while (address < end) {
    const auto at = areas.first_above(address);
    if (at == areas.end() || at->second.start >= end) {
      hole = true;
      break;
    }
    Area* area = &at->second;
    hole |= area->start > address;
    const PageRange piece = PageRange{address, end}.clipped_to(area->range());
    address = piece.end;
    const bool takes_away = advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE;
    if (takes_away && (area->flags & MAP_LOCKED) != 0) return failure(EINVAL);
    switch (advice) {
      case MADV_DONTNEED:
      case kDontNeedLocked: TRY(discard(*area, piece)); break;
      case MADV_FREE:
        if (!area->is_anonymous() || area->is_shared()) return failure(EINVAL);
        if (piece.size() >= kFreeAtOnce) TRY(discard(*area, piece));
        break;
      case MADV_REMOVE:
        if (!area->is_shared() || (area->protection & PROT_WRITE) == 0) return failure(EINVAL);
        if (!area->is_anonymous()) return failure(EOPNOTSUPP);
        TRY(checked(core::remove_pages(piece.start, piece.size())));
        break;
      case MADV_DONTFORK:
      case MADV_DOFORK:
      case MADV_WIPEONFORK:
      case MADV_KEEPONFORK:
        if (advice == MADV_WIPEONFORK && (!area->is_anonymous() || area->is_shared())) return failure(EINVAL);
        areas.isolate(piece);
        areas.find(piece.start)->fork = advice == MADV_DONTFORK     ? ForkBehaviour::omit
                                        : advice == MADV_WIPEONFORK ? ForkBehaviour::wipe
                                                                    : ForkBehaviour::copy;
        break;
      case kPopulateRead:
      case kPopulateWrite:
        for (std::uint64_t page = piece.start; page < piece.end; page += kPageSize) {
          const auto access = advice == kPopulateWrite ? core::Access::write : core::Access::read;
          switch (resolve_fault(page, access)) {
            case FaultResult::resolved: break;
            case FaultResult::out_of_memory: return failure(ENOMEM);
            case FaultResult::beyond_file: return failure(EFAULT);
            default: return failure(EINVAL);
          }
        }
        break;
      default: break;
    }
  }
  areas.join({begin, std::min(end, options.high)});
  if (hole) return failure(ENOMEM);
  return {};
}
}  // namespace cloister::kernel
