// SPDX-License-Identifier: Apache-2.0
// A program's memory: mappings, brk, and the faults that fill them. Trusted, kernel storey. Several can exist.
//
// Lock order: AddressSpace::mutex_ before everything of the page manager. It is held while files are read in, never while
// program memory is copied through program_access (whose faults take it).
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::kernel {

// Contents of a file mapping, read in on demand. The loader and mmap give it; it verifies what it reads where the file is measured.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  // Reads exactly `size` bytes at `offset` (both whole pages) into trusted memory; bytes beyond the end are zero.
  virtual Result<void> read_pages(std::uint64_t offset, void* to, std::size_t size) = 0;
  virtual std::uint64_t size() const = 0;
  // Rewrite plan, empty if there is none; only for measured ELF files.
  virtual std::span<const std::uint8_t> plan() const = 0;
  // May its pages be executed (measured, or below an insecure host path)?
  virtual bool may_execute() const = 0;
  virtual const std::string& path() const = 0;
};

struct Module;  // applied plan: trampolines and the address map (address_space/module.h)

struct Mapping {
  std::uint64_t start = 0, end = 0;
  int protection = 0;  // PROT_*
  int flags = 0;       // MAP_PRIVATE, MAP_SHARED, MAP_STACK, MAP_GROWSDOWN, MAP_NORESERVE
  std::uint64_t file_offset = 0;
  std::shared_ptr<MappedFile> file;  // null: anonymous
  std::shared_ptr<Module> module;    // for executable mappings of files with a plan
  std::string name;                  // "[heap]", "[stack]", "[vdso]" for /proc/self/maps
};

class AddressSpace {
 public:
  AddressSpace();
  ~AddressSpace();

  struct MapRequest {
    std::uint64_t address = 0;  // hint, or exact with MAP_FIXED / MAP_FIXED_NOREPLACE
    std::uint64_t size = 0;     // bytes, > 0
    int protection = 0;
    int flags = 0;              // MAP_*
    std::shared_ptr<MappedFile> file;
    std::uint64_t offset = 0;
    std::string name;
  };
  // Linux's mmap, munmap, … with Linux's errors. W together with X is refused (EACCES), executable memory that is no file that
  // may be executed needs the manifest's insecure_dynamic_code (EACCES otherwise).
  Result<std::uint64_t> map(const MapRequest& request);
  Result<void> unmap(std::uint64_t address, std::uint64_t size);
  Result<void> protect(std::uint64_t address, std::uint64_t size, int protection);
  Result<std::uint64_t> remap(std::uint64_t old_address, std::uint64_t old_size, std::uint64_t new_size, int flags,
                              std::uint64_t new_address);
  Result<void> advise(std::uint64_t address, std::uint64_t size, int advice);
  std::uint64_t set_brk(std::uint64_t address);  // as brk(2): the new or the old end

  // Where the heap starts; the loader calls it once the program's image is mapped.
  void start_brk(std::uint64_t address);

  // Makes the page at `address` accessible for `access` if a mapping allows it: demand-zero, file contents, stack growth.
  bool resolve_fault(std::uint64_t address, core::Access access);

  // For signal frames and unwinding (address_map.h): original address of a PC inside a trampoline; the same PC otherwise.
  std::uint64_t original_pc(std::uint64_t pc);
  // Where to re-enter to repeat the system call at `original` (a patched window), or `original` itself.
  std::uint64_t entry_for_restart(std::uint64_t original);

  // All mappings in ascending order, for /proc/self/maps.
  std::vector<Mapping> snapshot();
  struct Usage {
    std::uint64_t mapped_bytes, committed_bytes, stack_bytes, data_bytes, code_bytes;
  };
  Usage usage();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};
}  // namespace cloister::kernel
