// SPDX-License-Identifier: Apache-2.0
#include "src/host/start_area.h"
#include <cpuid.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include <climits>
#include <cstring>

namespace cloister::host {
namespace {
void add_leaf(StartParameters* to, std::uint32_t leaf, std::uint32_t subleaf) {
  if (to->cpuid_count >= kMaxCpuidLeaves) return;
  CpuidLeaf& entry = to->cpuid[to->cpuid_count++];
  entry.leaf = leaf;
  entry.subleaf = subleaf;
  __cpuid_count(leaf, subleaf, entry.eax, entry.ebx, entry.ecx, entry.edx);
}

// What programs look at; each CPUID is an exit to the hypervisor in a virtual machine, and may take 20 us. What is not
// here reads as zero inside: monitoring, resource control, tracing and enclaves, which are not for a program in one.
void read_cpuid(StartParameters* to) {
  constexpr std::uint32_t kExtended = 0x8000'0000, kLastExtended = 0x8000'0008;
  add_leaf(to, 0, 0);
  const std::uint32_t highest = to->cpuid[0].eax;
  for (std::uint32_t leaf : {1u, 2u, 4u, 6u, 7u, 0xbu, 0xdu, 0x14u, 0x15u, 0x16u, 0x19u, 0x1au, 0x1du, 0x1eu, 0x1fu}) {
    if (leaf > highest) break;
    add_leaf(to, leaf, 0);
    const auto last_has_more = [&] { return (to->cpuid[to->cpuid_count - 1].eax & 0x1f) != 0; };
    if (leaf == 4)
      for (std::uint32_t cache = 1; cache < 5 && last_has_more(); ++cache) add_leaf(to, leaf, cache);
    if (leaf == 7 || leaf == 0xb || leaf == 0x1f) add_leaf(to, leaf, 1);
    if (leaf == 0xd)
      for (std::uint32_t component : {1u, 2u, 5u, 6u, 7u, 9u, 17u, 18u}) add_leaf(to, leaf, component);
  }
  add_leaf(to, kExtended, 0);
  const std::uint32_t highest_extended = to->cpuid[to->cpuid_count - 1].eax;
  for (std::uint32_t leaf = kExtended + 1; leaf <= highest_extended && leaf <= kLastExtended; ++leaf)
    add_leaf(to, leaf, 0);
  for (std::uint32_t leaf : {0x8000'001du, 0x8000'001eu})  // caches and topology of AMD's
    if (leaf <= highest_extended) add_leaf(to, leaf, 0);
}

void read_groups(StartParameters* to) {
  gid_t groups[NGROUPS_MAX];
  const int count = getgroups(NGROUPS_MAX, groups);
  for (int i = 0; i < count && to->host_group_count < kMaxHostGroups; ++i)
    to->host_groups[to->host_group_count++] = groups[i];
}

std::uint64_t ignored_signals() {
  std::uint64_t ignored = 0;
  for (int signal = 1; signal <= 64; ++signal) {
    struct sigaction action {};
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) ignored |= 1ULL << (signal - 1);
  }
  return ignored;
}

std::uint64_t read_xcr0() {
  std::uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<std::uint64_t>(high) << 32 | low;
}
}  // namespace

StartArea make_start_area(const StartInput& input) {
  std::string strings = input.working_directory + '\0';
  for (const std::string& text : input.arguments) strings += text + '\0';
  for (const std::string& text : input.environment) strings += text + '\0';
  for (const auto& [inside, outside] : input.locations) strings += inside + '\0' + outside + '\0';
  for (const std::string& text : input.settings) strings += text + '\0';
  const std::size_t offset = (sizeof(StartParameters) + 63) & ~std::size_t{63};
  const std::size_t size = (offset + strings.size() + 4095) & ~std::size_t{4095};
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {0, 0};
  auto* parameters = new (memory) StartParameters{};
  parameters->xcr0 = read_xcr0();
  parameters->cpu_count = static_cast<std::uint64_t>(sysconf(_SC_NPROCESSORS_ONLN));
  parameters->physical_memory = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * 4096;
  parameters->host_pid = static_cast<std::uint64_t>(getpid());
  parameters->host_flags = input.flags;
  parameters->ignored_signals = ignored_signals();
  parameters->host_uid = getuid();
  parameters->host_gid = getgid();
  parameters->host_parent_pid = static_cast<std::uint64_t>(getppid());
  parameters->host_process_group = static_cast<std::uint64_t>(getpgrp());
  parameters->host_session = static_cast<std::uint64_t>(getsid(0));
  read_groups(parameters);
  parameters->argument_count = input.arguments.size();
  parameters->environment_count = input.environment.size();
  parameters->location_count = input.locations.size();
  parameters->setting_count = input.settings.size();
  parameters->strings_offset = offset;
  parameters->strings_size = strings.size();
  read_cpuid(parameters);
  parameters->time_page = start_time_publisher();
  std::memcpy(static_cast<char*>(memory) + offset, strings.data(), strings.size());
  return {reinterpret_cast<std::uint64_t>(memory), size};
}
}  // namespace cloister::host
