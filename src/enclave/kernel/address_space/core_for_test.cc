// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/address_space/core_for_test.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include "src/enclave/core/check.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/kept_pages.h"
#include "src/enclave/core/pages.h"
#include "src/manifest/launch_manifest.h"

// Entry points as the trampolines expect them: `syscall` with RCX kept, and instructions that answer in their
// registers.
asm(R"(
  .pushsection .text
  .globl syscall_entry_live, syscall_entry_dead, program_cpuid_entry, program_rdtsc_entry, program_rdtscp_entry
syscall_entry_live:
syscall_entry_dead:
  push %rcx
  syscall
  pop %rcx
  jmp *%rcx
program_cpuid_entry:
  cpuid
  ret
program_rdtsc_entry:
program_rdtscp_entry:
  mov $0x11223344, %eax
  xor %edx, %edx
  ret
  .popsection
)");

namespace cloister::testing {
namespace {
using layout::kPageSize;
std::map<std::uint64_t, std::uint8_t> states;
std::set<std::uint64_t> kept;
HostCallCounts counts;
std::string messages;
std::uint64_t limit = ~0ULL;

void* at(std::uint64_t address) { return reinterpret_cast<void*>(address); }
int protection_of(std::uint64_t permissions) {
  return (permissions & kPageRead ? PROT_READ : 0) | (permissions & kPageWrite ? PROT_WRITE : 0) |
         (permissions & kPageExecute ? PROT_EXEC : 0);
}
void must(bool condition, const char* text) {
  if (condition) return;
  std::fprintf(stderr, "page functions misused: %s\n", text);
  std::abort();
}
void must_be_pages(std::uint64_t address, std::uint64_t size) {
  must(address % kPageSize == 0 && size % kPageSize == 0 && size > 0, "not whole pages");
}
void make_pages(std::uint64_t address, std::uint64_t size, std::uint8_t state) {
  must(mmap(at(address), size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
            0) == at(address),
       "mmap");
  for (std::uint64_t page = address; page < address + size; page += kPageSize) states[page] = state, kept.erase(page);
  ++counts.augment;
}
void set_permissions(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  must(mprotect(at(address), size, protection_of(permissions)) == 0, "mprotect");
  for (std::uint64_t page = address; page < address + size; page += kPageSize)
    states[page] = static_cast<std::uint8_t>((states[page] & ~core::kPagePermissions) | permissions);
  ++counts.protect;
}
// visit(run) for each run of pages for which wanted(state).
template <typename Wanted, typename Visit>
long for_runs(std::uint64_t address, std::uint64_t size, Wanted wanted, Visit visit) {
  for (std::uint64_t page = address; page < address + size;) {
    std::uint64_t end = page;
    while (end < address + size && wanted(core::page_state(end))) end += kPageSize;
    if (end == page) {
      page = wanted(core::kPageAbsent) ? page + kPageSize : core::next_committed(page + kPageSize, address + size);
      continue;
    }
    if (const long error = visit(page, end - page); error != 0) return error;
    page = end;
  }
  return 0;
}

thread_local AddressSpace* current_space = nullptr;
thread_local sigjmp_buf way_out;
thread_local FaultResult last_result;
thread_local unsigned fault_count = 0;

void on_fault(int number, siginfo_t* info, void* context) {
  const auto error = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR];
  const auto access = (error & 16) != 0  ? core::Access::execute
                      : (error & 2) != 0 ? core::Access::write
                                         : core::Access::read;
  if (current_space == nullptr) {  // a fault of the test itself
    signal(number, SIG_DFL);
    return;
  }
  ++fault_count;
  must(fault_count < 1'000'000, "endless faults");
  last_result = current_space->resolve_fault(reinterpret_cast<std::uint64_t>(info->si_addr), access);
  if (last_result != FaultResult::resolved) siglongjmp(way_out, 1);
}
}  // namespace

HostCallCounts& host_calls() { return counts; }
std::string& printed() { return messages; }
void set_page_limit_for_test(std::uint64_t pages) { limit = pages; }
std::uint64_t pages_committed() { return states.size(); }
unsigned faults_taken() { return fault_count; }

Arena::Arena(std::uint64_t size, std::uint64_t address) : base_(0), size_(size) {
  const int fixed = address != 0 ? MAP_FIXED_NOREPLACE : 0;
  void* const memory = mmap(at(address), size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | fixed, -1, 0);
  if (memory != MAP_FAILED) base_ = reinterpret_cast<std::uint64_t>(memory);
}
Arena::~Arena() {
  if (base_ != 0) munmap(at(base_), size_);
  states.erase(states.lower_bound(base_), states.lower_bound(base_ + size_));
  kept.erase(kept.lower_bound(base_), kept.lower_bound(base_ + size_));
}
AddressSpace::Options Arena::options() const {
  AddressSpace::Options options;
  options.low = base_;
  options.high = base_ + size_;
  return options;
}

FaultResult with_faults(AddressSpace& space, const std::function<void()>& action) {
  static const bool installed = [] {
    struct sigaction handler {};
    handler.sa_sigaction = on_fault;
    handler.sa_flags = SA_SIGINFO | SA_NODEFER;
    return sigaction(SIGSEGV, &handler, nullptr) == 0 && sigaction(SIGBUS, &handler, nullptr) == 0;
  }();
  must(installed, "sigaction");
  AddressSpace* const outer = current_space;
  current_space = &space;
  fault_count = 0;
  last_result = FaultResult::resolved;
  if (sigsetjmp(way_out, 1) == 0) action();
  current_space = outer;
  return last_result;
}

Result<void> MemoryFile::read_pages(std::uint64_t offset, void* to, std::size_t size) {
  must(offset % kFileChunkSize == 0 && size % kPageSize == 0, "a file is read by chunks");
  must(offset + size <= (bytes.size() + kPageSize - 1) / kPageSize * kPageSize, "read beyond the file's last page");
  ++reads;
  bytes_read += size;
  if (broken) return Error::from_errno(EIO);
  std::memset(to, 0, size);
  if (offset < bytes.size()) std::memcpy(to, bytes.data() + offset, std::min(size, bytes.size() - offset));
  return {};
}

Result<void> MemoryFile::write_pages(std::uint64_t offset, const void* from, std::size_t size) {
  must(writable && offset % kPageSize == 0 && offset + size <= bytes.size(), "written beyond the file's end");
  ++writes;
  std::memcpy(bytes.data() + offset, from, size);
  return {};
}
}  // namespace cloister::testing

namespace cloister::core {
using namespace cloister::testing;

std::uint64_t committed_pages() { return testing::pages_committed(); }
std::uint8_t page_state(std::uint64_t address) {
  const auto found = states.find(address & ~(layout::kPageSize - 1));
  return found == states.end() ? std::uint8_t{kPageAbsent} : found->second;
}
std::uint64_t next_committed(std::uint64_t address, std::uint64_t end) {
  const auto found = states.lower_bound(address);
  return found == states.end() || found->first >= end ? end : found->first;
}
std::uint64_t count_committed(std::uint64_t address, std::uint64_t end) {
  return static_cast<std::uint64_t>(std::distance(states.lower_bound(address), states.lower_bound(end)));
}
long commit_pages(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  must_be_pages(address, size);
  return for_runs(
      address, size, [](std::uint8_t state) { return state == kPageAbsent; },
      [permissions](std::uint64_t first, std::uint64_t bytes) -> long {
        if (states.size() + bytes / layout::kPageSize > limit) return -ENOMEM;
        make_pages(first, bytes, kPageCommitted | kPageRead | kPageWrite);
        if (permissions != (kPageRead | kPageWrite)) set_permissions(first, bytes, permissions);
        return 0;
      });
}
static long publish(std::uint64_t address, const void* from, std::uint64_t size, std::uint64_t permissions,
                    std::uint8_t kind) {
  must_be_pages(address, size);
  must(reinterpret_cast<std::uint64_t>(from) % layout::kPageSize == 0, "the source is not aligned");
  for (std::uint64_t page = address; page < address + size; page += layout::kPageSize)
    must(page_state(page) == kPageAbsent, "published over a page");
  if (states.size() + size / layout::kPageSize > limit) return -ENOMEM;
  // Filled elsewhere, then moved to its place: other threads see all of it or nothing.
  void* const stage = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(stage != MAP_FAILED, "mmap");
  std::memcpy(stage, from, size);
  must(mprotect(stage, size, protection_of(permissions)) == 0, "mprotect");
  must(mremap(stage, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, at(address)) == at(address), "mremap");
  for (std::uint64_t page = address; page < address + size; page += layout::kPageSize)
    states[page] = static_cast<std::uint8_t>(kPageCommitted | kind | permissions), kept.erase(page);
  ++counts.augment, ++counts.protect;
  return 0;
}
long publish_code(std::uint64_t address, const void* from, std::uint64_t size) {
  return publish(address, from, size, kPageRead | kPageExecute, kPageCode);
}
long publish_data(std::uint64_t address, const void* from, std::uint64_t size, std::uint64_t permissions) {
  must((permissions & kPageExecute) == 0, "data that may be executed");
  return publish(address, from, size, permissions, 0);
}
long publish_shown(std::uint64_t address, const void* from, std::uint64_t size, std::uint64_t permissions) {
  must((permissions & (kPageWrite | kPageExecute)) == 0, "shown, and yet not read-only");
  return publish(address, from, size, permissions, 0);
}
long protect_pages(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  must_be_pages(address, size);
  must((permissions & (kPageWrite | kPageExecute)) != (kPageWrite | kPageExecute), "writable and executable");
  return for_runs(
      address, size,
      [permissions](std::uint8_t state) { return state != kPageAbsent && (state & kPagePermissions) != permissions; },
      [permissions](std::uint64_t first, std::uint64_t bytes) -> long {
        for (std::uint64_t page = first; page < first + bytes; page += layout::kPageSize) {
          must(((states[page] | permissions) & (kPageWrite | kPageExecute)) != (kPageWrite | kPageExecute),
               "between writable and executable there must be a step");
          must((states[page] & kPageCode) == 0 || (permissions & kPageWrite) == 0, "published code made writable");
        }
        set_permissions(first, bytes, permissions);
        return 0;
      });
}
long make_executable(std::uint64_t address, std::uint64_t size) {
  if (const long error = protect_pages(address, size, kPageRead); error != 0) return error;
  return protect_pages(address, size, kPageRead | kPageExecute);
}
long remove_pages(std::uint64_t address, std::uint64_t size) {
  must_be_pages(address, size);
  return for_runs(
      address, size, [](std::uint8_t state) { return state != kPageAbsent; },
      [](std::uint64_t first, std::uint64_t bytes) -> long {
        must(mmap(at(first), bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) ==
                 at(first),
             "mmap");
        states.erase(states.lower_bound(first), states.lower_bound(first + bytes));
        ++counts.remove;
        return 0;
      });
}
// As far as anyone can see: what is kept is absent, and comes back in a call that changes permissions.
long release_pages(std::uint64_t address, std::uint64_t size) {
  return for_runs(
      address, size, [](std::uint8_t state) { return state != kPageAbsent; },
      [](std::uint64_t first, std::uint64_t bytes) {
        for (std::uint64_t page = first; page < first + bytes; page += layout::kPageSize)
          if ((page_state(page) & kPageCode) == 0) kept.insert(page);
        return remove_pages(first, bytes);
      });
}
long reuse_pages(std::uint64_t address, std::uint64_t size) {
  for (auto each = kept.lower_bound(address); each != kept.end() && *each < address + size;) {
    const std::uint64_t page = *each++;
    must(page_state(page) == kPageAbsent, "a kept page is in use");
    make_pages(page, layout::kPageSize, kPageCommitted | kPageRead | kPageWrite);
    --counts.augment, ++counts.protect;
  }
  return 0;
}
long drop_kept_pages(std::uint64_t address, std::uint64_t size) {
  kept.erase(kept.lower_bound(address), kept.lower_bound(address + size));
  return 0;
}
std::uint64_t random_u64() {
  static std::uint64_t state = 0x9e3779b97f4a7c15;
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state;
}
void host_lied(HostCall, const char* what) {
  std::fprintf(stderr, "host lied: %s\n", what);
  std::abort();
}
void print_to_host(PrintStream, const char* text, std::size_t size) { messages.append(text, size); }
void enclave_fail(const char* text, const char* file, unsigned line) {
  std::fprintf(stderr, "%s (%s:%u)\n", text, file, line);
  std::abort();
}
}  // namespace cloister::core
