// SPDX-License-Identifier: Apache-2.0
// A program's memory: mappings, brk, and the faults that fill them. Trusted, kernel storey. Several can exist.
//
// Lock order: AddressSpace's mutex before everything of the page manager. It is held while files are read in (so that a
// MappedFile must not wait for anything that touches program memory), never while program memory is copied through
// program_access (whose faults take it).
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>
#include "abi/enclave_layout.h"
#include "src/base/result.h"
#include "src/enclave/core/program_access.h"
#include "src/plan/address_map.h"

namespace cloister::kernel {

// Which file a mapping shows, so that calls on the same file find it. Without an inode: one that no call changes.
struct FileKey {
  std::uint64_t device = 0, inode = 0;
  bool operator==(const FileKey&) const = default;
};

// Contents of a file mapping, read in on demand. The loader and mmap give it; it verifies what it reads where the file
// is measured.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  // Reads exactly `size` bytes at `offset` (both whole pages; the offset is a multiple of kFileChunkSize) into trusted
  // memory; bytes beyond the end are zero.
  virtual Result<void> read_pages(std::uint64_t offset, void* to, std::size_t size) = 0;
  virtual std::uint64_t size() const = 0;
  // Rewrite plan, empty if there is none; only for measured ELF files.
  virtual std::span<const std::uint8_t> plan() const = 0;
  // May its pages be executed (measured, or below an insecure host path)?
  virtual bool may_execute() const = 0;
  virtual const std::string& path() const = 0;
  virtual FileKey key() const { return {}; }
  // Is a shared mapping of it memory of its own, which nothing else shows?
  virtual bool is_own_memory() const { return false; }
  // Do the bytes come from the host as they are, so that it knows them?
  virtual bool is_known_to_host() const { return false; }
  // For writable shared mappings. write_pages is called with whole pages, but for the last one of the file; never
  // beyond its end.
  virtual bool can_write_pages() const { return false; }
  virtual Result<void> write_pages(std::uint64_t /*offset*/, const void* /*from*/, std::size_t /*size*/) {
    return Error::from_errno(19 /* ENODEV */);
  }
};

struct Module;  // applied plan: trampolines and the address map (address_space/module.h)

struct Mapping {
  std::uint64_t start = 0, end = 0;
  int protection = 0;  // PROT_*
  int flags = 0;       // MAP_PRIVATE, MAP_SHARED, MAP_STACK, MAP_GROWSDOWN, MAP_NORESERVE, MAP_LOCKED
  std::uint64_t file_offset = 0;
  std::shared_ptr<MappedFile> file;  // null: anonymous
  std::shared_ptr<Module> module;    // for executable mappings of files with a plan
  std::string name;                  // "[heap]", "[stack]", "[vdso]" for /proc/self/maps
};

// Why a fault could not be resolved decides which signal the program gets.
enum class FaultResult : std::uint8_t {
  resolved,
  no_mapping,     // SIGSEGV, SEGV_MAPERR
  not_permitted,  // SIGSEGV, SEGV_ACCERR
  beyond_file,    // SIGBUS, BUS_ADRERR; also a page of a file that cannot be read
  out_of_memory,  // the limit of dynamic memory is reached: SIGKILL, as from Linux's OOM killer
};

// mlock: do the pages come at once, or when they are touched (MLOCK_ONFAULT)?
enum class LockedPages : std::uint8_t { at_once, when_touched };
struct LockAll {
  bool current = false, future = false;  // MCL_CURRENT, MCL_FUTURE
};

enum class DynamicCode : std::uint8_t { refused, allowed };  // kInsecureDynamicCode of the manifest

class AddressSpace {
 public:
  struct Options {
    std::uint64_t low = layout::kProgramLow, high = layout::kProgramHigh;
    DynamicCode dynamic_code = DynamicCode::refused;
    std::uint64_t memory_size = ~0ULL;       // bytes of dynamic memory at most; requests beyond are refused (ENOMEM)
    std::uint64_t stack_limit = 8ULL << 20;  // for the room that is kept below the stack
  };
  explicit AddressSpace(const Options& options);
  AddressSpace() : AddressSpace(Options()) {}
  ~AddressSpace();
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;

  struct MapRequest {
    std::uint64_t address = 0;  // hint, or exact with MAP_FIXED / MAP_FIXED_NOREPLACE
    std::uint64_t size = 0;     // bytes, > 0
    int protection = 0;
    int flags = 0;  // MAP_*
    std::shared_ptr<MappedFile> file;
    std::uint64_t offset = 0;
    std::string name;
    bool file_writable = false;  // the descriptor allows writing: a shared mapping may become writable
  };
  // Linux's mmap, munmap, … with Linux's errors. Memory that is writable and executable, and executable memory that is
  // no file that may be executed, needs the manifest's insecure_dynamic_code (EACCES otherwise). A request with
  // MAP_GROWSDOWN and no address is the main stack: it lies highest, with room to grow to the stack limit.
  Result<std::uint64_t> map(const MapRequest& request);
  Result<void> unmap(std::uint64_t address, std::uint64_t size);
  Result<void> protect(std::uint64_t address, std::uint64_t size, int protection);
  Result<std::uint64_t> remap(std::uint64_t old_address, std::uint64_t old_size, std::uint64_t new_size, int flags,
                              std::uint64_t new_address);
  Result<void> advise(std::uint64_t address, std::uint64_t size, int advice);
  // msync: writes shared file mappings back.
  Result<void> synchronise(std::uint64_t address, std::uint64_t size, int flags);
  // mlock, munlock, mlockall, munlockall. `limit`: bytes that may be locked in all. ENOMEM beyond it, if something is
  // not mapped, or if there is no memory for all pages.
  Result<void> lock(std::uint64_t address, std::uint64_t size, LockedPages pages, std::uint64_t limit);
  Result<void> unlock(std::uint64_t address, std::uint64_t size);
  Result<void> lock_all(LockAll what, LockedPages pages, std::uint64_t limit);
  void unlock_all();
  // mincore: one byte a page, bit 0 if the page is there. ENOMEM if something is not mapped.
  Result<std::vector<std::uint8_t>> residency(std::uint64_t address, std::uint64_t size);
  bool is_mapped(std::uint64_t address, std::uint64_t size);
  std::uint64_t set_brk(std::uint64_t address);  // as brk(2): the new or the old end

  // Where the heap starts; the loader calls it once the program's image is mapped.
  void start_brk(std::uint64_t address);

  // RLIMIT_STACK, RLIMIT_AS and RLIMIT_DATA (brk): soft limits in bytes.
  struct Limits {
    std::uint64_t stack = 8ULL << 20, address_space = ~0ULL, data = ~0ULL;
  };
  void set_limits(const Limits& limits);

  // Shared mappings and calls on the same file. Enclave pages cannot be shared with the file, so a call that reads or
  // writes the file first settles (what the program changed in memory goes to the file), and one that has written
  // forgets (pages that show what was written come again from the file).
  bool shows(const FileKey& key);
  void settle(const FileKey& key, std::uint64_t offset, std::uint64_t size);
  void forget(const FileKey& key, std::uint64_t offset, std::uint64_t size);

  // exec: everything goes, and addresses are drawn anew.
  void clear();
  // exit: writable shared mappings are written back to their files.
  void write_back_all();

  // Makes the page at `address` accessible for `access` if a mapping allows it: demand-zero, file contents, stack
  // growth.
  FaultResult resolve_fault(std::uint64_t address, core::Access access);

  // For signal frames and unwinding (address_map.h): original address of a PC inside a trampoline; the same PC
  // otherwise.
  std::uint64_t original_pc(std::uint64_t pc) { return original_position(pc).pc; }
  // The same with what must be added to RSP, and whether the system call has not happened yet.
  OriginalPosition original_position(std::uint64_t pc);
  // Where to re-enter to repeat the system call at `original` (a patched window), or `original` itself.
  std::uint64_t entry_for_restart(std::uint64_t original);

  // All mappings in ascending order, for /proc/self/maps.
  std::vector<Mapping> snapshot();
  struct Usage {
    std::uint64_t mapped_bytes, committed_bytes, stack_bytes, data_bytes, code_bytes, locked_bytes;
  };
  Usage usage();
  std::uint64_t memory_size() const;  // of the options

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};
}  // namespace cloister::kernel
