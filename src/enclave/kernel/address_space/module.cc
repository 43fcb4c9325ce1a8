// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/address_space/module.h"
#include <algorithm>
#include "src/plan/apply.h"

extern "C" {
extern const char syscall_entry_live[], syscall_entry_dead[];
extern const char program_cpuid_entry[], program_rdtsc_entry[], program_rdtscp_entry[];
}

namespace cloister::kernel {
namespace {
std::uint64_t address_of(const char* label) { return reinterpret_cast<std::uint64_t>(label); }
EntryPoints entry_points() {
  return {address_of(syscall_entry_live), address_of(syscall_entry_dead), address_of(program_cpuid_entry),
          address_of(program_rdtsc_entry), address_of(program_rdtscp_entry)};
}
}  // namespace

Module::Module(std::shared_ptr<MappedFile> owner, const PlanView& plan, const TextRange& range)
    : file(std::move(owner)), text{plan, range, 0, trampoline_size(plan, range)} {
  std::uint64_t trampoline = kEntrySlotsSize;
  for (const PlanSite site : plan) {
    if (!range.contains(site)) continue;
    sites.push_back({static_cast<std::uint32_t>(range.bias + site.window_start - range.address),
                     static_cast<std::uint32_t>(trampoline), site.window.data(),
                     static_cast<std::uint8_t>(site.window.size())});
    trampoline += trampoline_shape(site).size;
  }
}

Result<void> Module::write(std::uint64_t address, std::span<std::uint8_t> to) {
  text.trampolines_address = address;
  TRY(write_trampolines({text.plan, text.text, to, address, entry_points()}));
  return {};
}

Result<void> Module::rewrite(std::uint64_t address, std::span<std::uint8_t> bytes) const {
  // Relative to the text; a piece may begin before it or end behind it.
  const auto begin = static_cast<std::int64_t>(address - text.text.address);
  const auto end = begin + static_cast<std::int64_t>(bytes.size());
  auto site = std::partition_point(
      sites.begin(), sites.end(), [begin](const Site& each) { return static_cast<std::int64_t>(each.end()) <= begin; });
  for (; site != sites.end() && static_cast<std::int64_t>(site->offset) < end; ++site) {
    std::uint8_t replacing[kMaxWindowSize];
    const std::span<std::uint8_t> window(replacing, site->size);
    write_window(window, text.text.address + site->offset, text.trampolines_address + site->trampoline);
    for (std::uint32_t i = 0; i < site->size; ++i) {
      const std::int64_t at = static_cast<std::int64_t>(site->offset) + i - begin;
      if (at < 0 || at >= static_cast<std::int64_t>(bytes.size())) continue;
      std::uint8_t& byte = bytes[static_cast<std::size_t>(at)];
      if (byte != site->window[i]) return Error(Errc::mismatch, "plan: the text is not the one it was made for");
      byte = window[i];
    }
  }
  return {};
}
}  // namespace cloister::kernel
