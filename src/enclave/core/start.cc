// SPDX-License-Identifier: Apache-2.0
// First entry: check what the host handed over, learn what this enclave is, start the runtime's C library.
#include "src/enclave/core/start.h"
#include <linux/auxvec.h>
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/boundary/rules.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/enclu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/runtime_memory.h"

extern "C" {
extern std::uint8_t core_scrub_level, core_stopped;
extern const char __ehdr_start[];
[[noreturn]] void start_c_library(std::uint64_t* stack);
[[noreturn]] void refuse_first_entry();
}

namespace cloister::core {
constinit StartParameters start_parameters = {};
// No initial value that needs a relocation: the C library would apply it again after the first entry has set this.
constinit const char* start_strings = nullptr;

namespace {
constexpr std::uint64_t kMaxStartStrings = 4 << 20;

// With no way out that could be used there is nothing to tell anybody.
[[noreturn]] void stop_silently() {
  core_stopped = 1;
  for (;;) asm volatile("pause");
}

// Every address that the host names lies outside (S-3) and fits the units in which we access it (S-13).
bool may_use(std::uint64_t address, std::uint64_t size, std::uint64_t alignment) {
  return (!CLOISTER_KEEPS(S_3) || is_outside(address, size)) && (!CLOISTER_KEEPS(S_13) || address % alignment == 0);
}

// ATTRIBUTES and XFRM come from the processor, not from the host.
void read_own_report() {
  alignas(512) static constinit sgx::Targetinfo target = {};
  alignas(128) static constinit std::uint8_t data[64] = {};
  alignas(512) static constinit sgx::Report report = {};
  ereport(&target, reinterpret_cast<std::uint64_t>(data), reinterpret_cast<std::uint64_t>(&report));
  enclave_attributes = report.body.attributes.flags;
  enclave_xfrm = report.body.attributes.xfrm;
  // Without EXINFO a page fault cannot be told from a forged one (E-8); without KSS CONFIGID says nothing.
  if ((report.body.miscselect & sgx::kMiscselectExinfo) == 0)
    enclave_fail("this enclave was built without EXINFO", __FILE__, __LINE__);
  if ((enclave_attributes & sgx::kAttributeKss) == 0)
    enclave_fail("this enclave was built without KSS", __FILE__, __LINE__);
  constexpr std::uint64_t kAvx = 1 << 2, kAvx512 = 0xe0, kMore = ~std::uint64_t{0xe7};
  if ((enclave_xfrm & kMore) != 0)
    core_scrub_level = 0;  // PKRU, AMX and later state: XRSTOR each time
  else if ((enclave_xfrm & kAvx512) == kAvx512)
    core_scrub_level = 2;
  else if ((enclave_xfrm & kAvx) != 0)
    core_scrub_level = 1;
}

void copy_start_area(std::uint64_t area, std::uint64_t size) {
  if (!may_use(area, size, 8) || size < sizeof(StartParameters)) refuse_first_entry();
  start_parameters =
      HostIn<StartParameters>(HostAddress(area)).load().unverified_because("each field is judged where it is used");
  const std::uint64_t offset = start_parameters.strings_offset, length = start_parameters.strings_size;
  if (offset % 8 != 0 || offset > size || length > size - offset || length > kMaxStartStrings) refuse_first_entry();
  const long copy = runtime_map(length + 8, kPageRead | kPageWrite);
  if (copy < 0) enclave_fail("no memory for the arguments", __FILE__, __LINE__);
  copy_from_host(reinterpret_cast<void*>(copy), HostAddress(area + offset), length);
  reinterpret_cast<char*>(copy)[length] = '\0';
  start_strings = reinterpret_cast<const char*>(copy);
}

// The C library's initial stack: no arguments, an empty environment, our own auxiliary vector.
[[noreturn]] void start_runtime() {
  static constinit std::uint64_t random[2] = {};
  random_bytes(random, sizeof random);
  const auto* header = reinterpret_cast<const std::uint8_t*>(__ehdr_start);
  std::uint64_t program_header_offset;
  std::uint16_t program_header_count;
  __builtin_memcpy(&program_header_offset, header + 32, 8);
  __builtin_memcpy(&program_header_count, header + 56, 2);
  std::uint64_t stack[] = {
      1,         reinterpret_cast<std::uint64_t>("cloister"),
      0,         0,
      AT_PHDR,   reinterpret_cast<std::uint64_t>(header) + program_header_offset,
      AT_PHENT,  56,
      AT_PHNUM,  program_header_count,
      AT_PAGESZ, layout::kPageSize,
      AT_RANDOM, reinterpret_cast<std::uint64_t>(random),
      AT_SECURE, 0,
      AT_HWCAP,  cpuid(1, 0).edx,
      AT_CLKTCK, 100,
      AT_NULL,   0,
  };
  alignas(16) static std::uint64_t initial[64];
  for (std::size_t i = 0; i < sizeof stack / 8; ++i) initial[i] = stack[i];
  start_c_library(initial);
}
}  // namespace

extern "C" [[noreturn]] void core_first_entry(std::uint64_t host_block, std::uint64_t area, std::uint64_t size,
                                              Thread* thread) {
  // Nothing may be printed before the block is known to lie outside; a bad one stops the enclave.
  if (!may_use(thread->host_target, 16, 1)) stop_silently();
  if (!may_use(host_block, kHostBlockSize, 64)) refuse_first_entry();
  thread->host_block = HostAddress(host_block);
  if (thread->start != nullptr) {
    thread->start(thread);
    enclave_fail("a thread's first function returned", __FILE__, __LINE__);
  }
  read_own_report();
  copy_start_area(area, size);
  thread->host_pid = thread->host_tid = start_parameters.host_pid;
  set_cpuid_table(start_parameters.cpuid, start_parameters.cpuid_count, enclave_xfrm);
  if (!may_use(start_parameters.time_page, sizeof(TimeParameters), 8)) refuse_first_entry();
  start_clock(HostAddress(start_parameters.time_page));
  start_runtime();
}
}  // namespace cloister::core
