// SPDX-License-Identifier: Apache-2.0
// brk: the heap behind the program's image.
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {

std::uint64_t AddressSpace::Implementation::set_brk(std::uint64_t address) {
  if (brk_start == 0 || address < brk_start || address >= options.high) return brk_end;
  if (address - brk_start > limits.data) return brk_end;
  const std::uint64_t old_end = page_up(brk_end), new_end = page_up(address);
  if (new_end < old_end) {
    if (!release({new_end, old_end}).ok()) return brk_end;
  } else if (new_end > old_end) {
    // A page stays free between the heap and what follows, as in Linux.
    const std::uint64_t more = new_end - old_end;
    if (!is_within_program(old_end, more + kPageSize) || !areas.is_free({old_end, new_end + kPageSize})) return brk_end;
    if (!has_room(more) || !promise(more)) return brk_end;
    Area heap;
    heap.start = old_end;
    heap.end = new_end;
    heap.protection = PROT_READ | PROT_WRITE;
    heap.flags = MAP_PRIVATE | (locks_future ? MAP_LOCKED : 0);
    heap.name = "[heap]";
    areas.insert(std::move(heap));
    reuse({old_end, new_end});
  }
  return brk_end = address;
}
}  // namespace cloister::kernel
