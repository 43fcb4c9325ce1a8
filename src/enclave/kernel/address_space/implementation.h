// SPDX-License-Identifier: Apache-2.0
// The state of an address space and its parts, one file each. Trusted, kernel storey. Everything here runs under the
// mutex, which address_space.cc takes.
#pragma once
#include <atomic>
#include <mutex>
#include "src/enclave/kernel/address_space/module.h"
#include "src/enclave/kernel/address_space/page_runs.h"
#include "src/enclave/kernel/address_space/placement.h"
#include "src/manifest/launch_manifest.h"

namespace cloister::kernel {

// Sizes of what is brought in at once. A fault costs about 3 us and a host call 1; touching a page that is not needed
// costs nothing where the host fills lazily, but a chunk of a file is read, verified and copied.
inline constexpr std::uint64_t kWholeSize = 128 << 10;   // anonymous mappings up to here are committed as one
inline constexpr std::uint64_t kEagerSize = 64 << 10;    // and up to here by mmap itself
inline constexpr std::uint64_t kReuseSize = 1 << 20;     // of kept pages that a new mapping gets back by mmap itself
inline constexpr std::uint64_t kFirstWindow = 64 << 10;  // anonymous: doubled for each fault in sequence
inline constexpr std::uint64_t kLastWindow = 2 << 20;
inline constexpr std::uint64_t kFirstFileWindow = kFileChunkSize;
inline constexpr std::uint64_t kLastFileWindow = 128 << 10;
inline constexpr std::uint64_t kStackStep = 64 << 10;  // by which a stack grows at least
inline constexpr std::uint64_t kZeroInPlace = 128
                                              << 10;     // MADV_DONTNEED: as many bytes are zeroed, more are given back
inline constexpr std::uint64_t kFreeAtOnce = 256 << 10;  // MADV_FREE: from here on pages are removed
inline constexpr std::size_t kMaxAreas = 65530;          // vm.max_map_count

// Page-aligned memory of the runtime, through which contents pass on their way to program pages (EACCEPTCOPY's source).
class StagingBuffer {
 public:
  static constexpr std::size_t kSize = kLastFileWindow + 2 * kFileChunkSize;  // a window's ends may cut chunks
  ~StagingBuffer();
  std::uint8_t* bytes();

 private:
  std::uint8_t* bytes_ = nullptr;
};

struct AddressSpace::Implementation {
  explicit Implementation(const Options& chosen);

  // map.cc
  Result<std::uint64_t> map(const MapRequest& request);
  Result<void> unmap(std::uint64_t address, std::uint64_t size);
  Result<void> release(PageRange range);  // pages, areas, and modules that nobody uses any more
  void clear();
  void reuse(PageRange range);
  void populate(PageRange range, core::Access access);

  // code.cc
  Result<void> check_executable(int protection, const MappedFile* file, bool modified);
  void print_once(bool* printed, const char* text);
  std::shared_ptr<Module> make_module(const Area& area);  // null: no plan, or it cannot be applied
  void release_unused_modules();
  Result<void> switch_to_code(PageRange run);  // data pages -> read-execute (dynamic code)
  Result<void> switch_to_data(PageRange run, std::uint8_t state, std::uint64_t permissions);
  // What is staged, of pages that are gone. Where the host refuses as many new ones, contents of the program are lost
  // and the enclave stops.
  void put_back(std::uint64_t address, std::uint64_t size, std::uint64_t permissions);

  // protect.cc
  Result<void> protect(std::uint64_t address, std::uint64_t size, int protection);
  Result<void> change_protection(Area& area, int protection);

  // faults.cc
  FaultResult resolve_fault(std::uint64_t address, core::Access access);
  FaultResult fill(Area& area, std::uint64_t page, core::Access access);
  FaultResult adjust(std::uint64_t page, std::uint8_t state, core::Access access);
  Area* grow_stack(std::uint64_t page);
  void stop_if_withheld(std::uint64_t page);

  // file_pages.cc
  FaultResult read_in(Area& area, std::uint64_t page);

  // budget.cc
  static bool is_promised(int protection, int flags);
  bool promise(std::uint64_t size);  // false: ENOMEM
  bool has_memory(std::uint64_t size) const;

  // shared_files.cc
  template <typename Visit>
  void for_shown(const FileKey& key, std::uint64_t offset, std::uint64_t size, Visit visit);
  bool diverges(const Area& area, int protection, PageRange replaced);
  bool shows(const FileKey& key);
  void settle(const FileKey& key, std::uint64_t offset, std::uint64_t size);
  void forget(const FileKey& key, std::uint64_t offset, std::uint64_t size);

  // locked.cc
  std::uint64_t locked_bytes();
  bool has_locked(PageRange range);
  Result<void> lock(PageRange range, LockedPages pages, std::uint64_t limit);
  Result<void> unlock(PageRange range);
  Result<void> lock_all(LockAll what, LockedPages pages, std::uint64_t limit);
  void unlock_all();

  // brk.cc, remap.cc, advise.cc, write_back.cc, report.cc
  std::uint64_t set_brk(std::uint64_t address);
  Result<std::uint64_t> remap(std::uint64_t old_address, std::uint64_t old_size, std::uint64_t new_size, int flags,
                              std::uint64_t new_address);
  Result<std::uint64_t> move(Area area, PageRange from, PageRange to);
  bool extend(Area& area, std::uint64_t end);
  Result<void> advise(std::uint64_t address, std::uint64_t size, int advice);
  Result<void> discard(Area& area, PageRange range);
  Result<void> write_back(Area& area, PageRange range);
  void write_back_at_last(Area& area);
  Result<void> synchronise(std::uint64_t address, std::uint64_t size, int flags);
  void write_back_all();
  std::vector<Mapping> snapshot();
  Usage usage();
  Result<std::vector<std::uint8_t>> residency(std::uint64_t address, std::uint64_t size);
  OriginalPosition original_position(std::uint64_t pc);
  std::uint64_t entry_for_restart(std::uint64_t original);

  PageRange program() const { return {options.low, options.high}; }
  bool is_within_program(std::uint64_t address, std::uint64_t size) const {
    return address >= options.low && size <= options.high && address <= options.high - size;
  }
  bool has_room(std::uint64_t size) const;  // RLIMIT_AS, number of mappings

  const Options options;
  Limits limits;
  std::mutex mutex;
  AreaMap areas;
  Placement placement;
  StagingBuffer staging;
  std::map<std::uint64_t, std::shared_ptr<Module>> modules;  // by the address of their trampolines
  std::uint64_t brk_start = 0, brk_end = 0;
  std::uint64_t needed = 0, counted_committed = 0;  // of promise(): bytes
  std::atomic<bool> has_shared_files{false};        // there has been one: without, calls on files need not ask
  std::uint64_t withheld_page = 0;                  // the last page that was complete when it faulted
  unsigned withheld_count = 0;                      // how often in a row
  bool locks_future = false;                        // mlockall: new mappings are locked, too
  LockedPages future_pages = LockedPages::at_once;
  bool refusal_printed = false, mismatch_printed = false;
};
}  // namespace cloister::kernel
