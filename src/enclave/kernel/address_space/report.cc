// SPDX-License-Identifier: Apache-2.0
// What others want to know: mappings, sizes, and original addresses of rewritten code.
#include <algorithm>
#include "src/enclave/kernel/address_space/implementation.h"
#include "src/enclave/kernel/address_space/module.h"

namespace cloister::kernel {

std::vector<Mapping> AddressSpace::Implementation::snapshot() {
  std::vector<Mapping> mappings;
  mappings.reserve(areas.count());
  for (const auto& [start, area] : areas) mappings.push_back(area);
  return mappings;
}

AddressSpace::Usage AddressSpace::Implementation::usage() {
  Usage usage{areas.mapped_bytes(), 0, 0, 0, 0, locked_bytes()};
  for (const auto& [start, area] : areas) {
    usage.committed_bytes += core::count_committed(area.start, area.end) * kPageSize;
    if ((area.flags & MAP_GROWSDOWN) != 0)
      usage.stack_bytes += area.size();
    else if ((area.protection & PROT_EXEC) != 0)
      usage.code_bytes += area.size();
    else if ((area.protection & PROT_WRITE) != 0 && !area.is_shared())
      usage.data_bytes += area.size();
  }
  return usage;
}

Result<std::vector<std::uint8_t>> AddressSpace::Implementation::residency(std::uint64_t address, std::uint64_t size) {
  if (address % kPageSize != 0) return failure(EINVAL);
  const std::uint64_t end = address + page_up(size);
  if (end < address || !areas.is_covered({address, end})) return failure(ENOMEM);
  std::vector<std::uint8_t> pages((end - address) / kPageSize);
  for (std::uint64_t i = 0; i < pages.size(); ++i) pages[i] = is_committed(address + i * kPageSize) ? 1 : 0;
  return pages;
}

OriginalPosition AddressSpace::Implementation::original_position(std::uint64_t pc) {
  auto next = modules.upper_bound(pc);
  if (next != modules.begin())
    if (const auto position = cloister::original_position(std::prev(next)->second->text, pc)) return *position;
  return {pc, 0, false};
}

std::uint64_t AddressSpace::Implementation::entry_for_restart(std::uint64_t original) {
  const Area* const area = areas.find(original);
  if (area == nullptr || area->module == nullptr) return original;
  // Every return from a signal handler asks, and hardly ever for a window: the plan is walked only for those.
  const Module& module = *area->module;
  const std::uint64_t offset = original - module.text.text.address;
  const auto next = std::upper_bound(module.sites.begin(), module.sites.end(), offset,
                                     [](std::uint64_t value, const Module::Site& site) { return value < site.offset; });
  if (next == module.sites.begin() || offset >= std::prev(next)->end()) return original;
  return trampoline_position(area->module->text, original).value_or(original);
}

void AddressSpace::Implementation::write_back_all() {
  for (auto& [start, area] : areas) write_back_at_last(area);
}
}  // namespace cloister::kernel
