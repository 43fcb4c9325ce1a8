// SPDX-License-Identifier: Apache-2.0
// The functions of the core and of the kernel storey that the file system uses, as far as it uses them.
#include <random>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/core/start.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/timers.h"

extern "C" std::uint8_t core_stopped;
std::uint8_t core_stopped = 0;

namespace cloister::core {
StartParameters start_parameters = [] {
  StartParameters parameters{};
  parameters.cpu_count = 2;
  return parameters;
}();

std::uint64_t ticks_to_nanoseconds(std::uint64_t ticks) { return ticks; }
std::uint64_t committed_pages() { return 1000; }
CpuidAnswer cpuid(std::uint32_t, std::uint32_t) { return {0x8000'0008, 0x7564'6e65, 0x444d'4163, 0x6974'6e65}; }
void random_bytes(void* to, std::size_t size) {
  static std::mt19937_64 source{std::random_device{}()};
  for (std::size_t i = 0; i < size; ++i) static_cast<std::uint8_t*>(to)[i] = static_cast<std::uint8_t>(source());
}
}  // namespace cloister::core

namespace cloister::kernel {
// What /proc asks an address space for; the real one needs the page manager.
struct AddressSpace::Implementation {};
AddressSpace::AddressSpace(const Options&) {}
AddressSpace::~AddressSpace() = default;
std::vector<Mapping> AddressSpace::snapshot() {
  Mapping code, stack;
  code.start = 0x400000;
  code.end = 0x401000;
  code.protection = 5;
  code.flags = 2;
  stack.start = 0x7000'0000;
  stack.end = 0x7002'1000;
  stack.protection = 3;
  stack.flags = 2;
  stack.name = "[stack]";
  return {code, stack};
}
bool AddressSpace::shows(const FileKey&) { return false; }
void AddressSpace::settle(const FileKey&, std::uint64_t, std::uint64_t) {}
void AddressSpace::forget(const FileKey&, std::uint64_t, std::uint64_t) {}
std::uint64_t AddressSpace::memory_size() const { return 1 << 30; }
AddressSpace::Usage AddressSpace::usage() { return {0x23000, 0x5000, 0x21000, 0, 0x1000, 0}; }

void raise_signal(Task&, int) {}
ProcessTimers::ProcessTimers(Process& process) : process_(process) { (void)process_; }
ProcessTimers::~ProcessTimers() = default;
}  // namespace cloister::kernel

extern "C" [[gnu::weak]] std::uint64_t core_read_tsc() { return cloister::core::monotonic_now(); }

namespace cloister::vfs {
class OpenFile;
void end_epoll_watches(OpenFile&);
[[gnu::weak]] void end_epoll_watches(OpenFile&) {}  // vfs/epoll_watch.cc has the real one
}  // namespace cloister::vfs
