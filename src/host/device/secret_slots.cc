// SPDX-License-Identifier: Apache-2.0
#include "src/host/device/secret_slots.h"
#include <algorithm>
#include "abi/enclave_layout.h"

namespace cloister::host {

std::uint64_t SecretSlots::region_of(std::uint64_t address) { return address / layout::kPageSize / kPages; }
std::uint64_t SecretSlots::index_of(std::uint64_t address) { return address / layout::kPageSize % kPages; }

void SecretSlots::add(std::uint64_t address, std::uint64_t first, bool used) {
  Slot& slot = slots_[region_of(address)];
  slot.first = first;
  slot.waiting.set();
  if (used) {
    slot.used.set();
    idle_ += kPages;
  }
}

SecretSlots::Run SecretSlots::take(std::uint64_t address, std::uint64_t wanted) {
  const auto found = slots_.find(region_of(address));
  if (found == slots_.end()) return {};
  Slot& slot = found->second;
  const std::uint64_t index = index_of(address), end = std::min(kPages, index + wanted);
  const bool used = slot.used[index];
  std::uint64_t at = index;
  while (at < end && slot.waiting[at] && slot.used[at] == used) {
    slot.waiting.reset(at);
    slot.used.set(at++);
  }
  if (used) idle_ -= at - index;
  return {slot.first + index, at - index, used};
}

std::uint64_t SecretSlots::own(std::uint64_t address, std::uint64_t first, std::uint64_t count) const {
  const auto found = slots_.find(region_of(address));
  if (found == slots_.end()) return 0;
  const Slot& slot = found->second;
  const std::uint64_t index = index_of(address);
  if (slot.first + index != first || slot.waiting[index] || slot.away[index]) return 0;
  return std::min(count, kPages - index);
}

std::vector<SecretSlots::Run> SecretSlots::give_back(std::uint64_t address, std::uint64_t count, After after) {
  const auto found = slots_.find(region_of(address));
  Slot& slot = found->second;
  const std::uint64_t index = index_of(address);
  auto& pages = after == After::waits ? slot.waiting : slot.away;
  for (std::uint64_t at = index; at < index + count; ++at) pages.set(at);
  std::vector<Run> freed;
  if (after == After::waits)
    idle_ += count;
  else
    freed.push_back({slot.first + index, count, true});
  if (!(slot.waiting | slot.away).all()) return freed;
  idle_ -= (slot.waiting & slot.used).count();
  for (std::uint64_t at = 0; at < kPages; ++at) {
    if (!slot.waiting[at]) continue;
    const std::uint64_t start = at;
    while (at < kPages && slot.waiting[at]) ++at;
    freed.push_back({slot.first + start, at - start, true});
  }
  slots_.erase(found);
  return freed;
}
}  // namespace cloister::host
