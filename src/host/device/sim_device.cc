// SPDX-License-Identifier: Apache-2.0
#include "src/host/device/sim_device.h"
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include "abi/enclave_layout.h"
#include "src/host/device/secret_memory.h"
#include "src/host/device/sim_exit.h"
#include "src/sgx/einit.h"

extern "C" {
extern const char __executable_start[], etext[];
void sim_eenter();
void sim_eexit();
void sim_ereport_entry();
void sim_egetkey_entry();
void sim_eaccept_entry();
void sim_emodpe_entry();
void sim_eacceptcopy_entry();
extern int sim_code_file;
}

namespace cloister::host {
namespace {
using layout::kPageSize;
constexpr std::uint64_t kAddAhead = 1 << 20;

void* at(std::uint64_t address) { return reinterpret_cast<void*>(address); }
std::uint64_t epcm_permissions(std::uint64_t secinfo) { return (secinfo & sgx::kSecinfoRwx) << 1; }
int protection(std::uint64_t permissions) {
  return (permissions & kPageRead ? PROT_READ : 0) | (permissions & kPageWrite ? PROT_WRITE : 0) |
         (permissions & kPageExecute ? PROT_EXEC : 0);
}
bool is_page_range(std::uint64_t address, std::uint64_t size) {
  return address % kPageSize == 0 && size % kPageSize == 0 && address >= layout::kProgramLow &&
         size <= layout::kElrangeSize && address <= layout::kElrangeSize - size;
}

long map_secret(std::uint64_t address, std::uint64_t size) {
  const int file = static_cast<int>(syscall(SYS_memfd_secret, 0));
  if (file < 0) return -errno;
  long result = 0;
  if (ftruncate(file, static_cast<off_t>(size)) != 0 ||
      mmap(at(address), size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED)
    result = -errno;
  close(file);  // an open descriptor could be taken over by pidfd_getfd
  return result == -EAGAIN ? -ENOMEM : result;
}

long map_plain(std::uint64_t address, std::uint64_t size) {
  void* const mapped =
      mmap(at(address), size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  return mapped == MAP_FAILED ? -errno : 0;
}

long map_nothing(std::uint64_t address, std::uint64_t size) {
  void* const mapped =
      mmap(at(address), size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return -errno;
  madvise(mapped, size, MADV_DONTDUMP);
  return 0;
}
}  // namespace

SimTcs* sim_tcs_at(std::uint64_t address) {
  return reinterpret_cast<SimTcs*>(sim_epcm[address / kPageSize] & ~std::uint64_t{kEpcmFlags});
}

SimTcs* make_sim_tcs(std::uint64_t address, const sgx::Tcs& page) {
  void* const memory = mmap(nullptr, sizeof(SimTcs), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* tcs = new (memory) SimTcs{};
  tcs->nssa = page.nssa;
  tcs->entry = page.oentry;
  tcs->gs_base = page.ogsbase;
  tcs->fs_base = page.ofsbase;
  tcs->ssa = page.ossa;
  tcs->address = address;
  return tcs;
}

SimDevice::SimDevice(const sgx::Platform& platform, bool secret_memory, LeafMode leaves, std::string notice)
    : platform_(platform), secret_memory_(secret_memory), leaves_(leaves), notice_(std::move(notice)) {}

Result<void> SimDevice::create(const sgx::Secs& secs) {
  if (secs.size != layout::kElrangeSize || secs.baseaddr != 0)
    return Error(Errc::unsupported, "ELRANGE must be [0, 2^40)");
  const std::uint64_t size = layout::kElrangeSize - layout::kProgramLow;
  void* const reserved = mmap(at(layout::kProgramLow), size, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (reserved != at(layout::kProgramLow))
    return Error(Errc::io,
                 "cannot reserve ELRANGE; is something mapped below 1 TiB, or address space limited (ulimit -v)?");
  madvise(reserved, size, MADV_DONTDUMP);
  const std::uint64_t pages = layout::kElrangeSize / kPageSize;
  void* const epcm =
      mmap(nullptr, pages * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (epcm == MAP_FAILED) return Error(Errc::io, "cannot reserve the page table of the software processor");
  madvise(epcm, pages * 8, MADV_DONTDUMP);
  sim_epcm = static_cast<std::uint64_t*>(epcm);
  sim_code_file = static_cast<int>(syscall(SYS_memfd_create, "cloister-code", MFD_CLOEXEC));
  if (sim_code_file < 0 || ftruncate(sim_code_file, static_cast<off_t>(layout::kElrangeSize)) != 0)
    return Error(Errc::io, "cannot create the file behind code pages");
  secs_ = secs;
  measurement_ = std::make_unique<sgx::Measurement>(secs.ssaframesize, secs.size);
  return {};
}

Result<void> SimDevice::map_for_adding(std::uint64_t address) {
  if (address >= mapped_begin_ && address < mapped_end_) return {};
  if (mapped_end_ != 0 && !runs_.empty()) {
    const std::uint64_t used = runs_.back().address + runs_.back().size;
    if (used < mapped_end_) map_nothing(used, mapped_end_ - used);
  }
  if (map_plain(address, kAddAhead) != 0) return Error(Errc::io, "no memory for the enclave's pages");
  mapped_begin_ = address;
  mapped_end_ = address + kAddAhead;
  return {};
}

Result<void> SimDevice::add_page(std::uint64_t address, std::uint64_t flags,
                                 std::span<const std::uint8_t, sgx::kPageSize> page) {
  if (!is_page_range(address, kPageSize)) return Error(Errc::invalid, "page outside ELRANGE");
  std::uint64_t& entry = sim_epcm[address / kPageSize];
  if ((entry & kEpcmValid) != 0) return Error(Errc::invalid, "page added twice");
  TRY(map_for_adding(address));
  measurement_->add_page(address, flags, page);
  std::memcpy(at(address), page.data(), kPageSize);
  if (sgx::page_type(flags) == sgx::PageType::tcs) {
    sgx::Tcs tcs;
    std::memcpy(&tcs, page.data(), sizeof tcs);
    SimTcs* const shadow = make_sim_tcs(address, tcs);
    if (shadow == nullptr) return Error(Errc::io, "no memory for a TCS");
    entry = reinterpret_cast<std::uint64_t>(shadow) | kEpcmValid | kEpcmTcs;
    sim_epcm[shadow->gs_base / kPageSize] |= reinterpret_cast<std::uint64_t>(shadow);
  } else {
    entry |= kEpcmValid | epcm_permissions(flags);
  }
  if (!runs_.empty() && runs_.back().address + runs_.back().size == address && runs_.back().flags == flags)
    runs_.back().size += kPageSize;
  else
    runs_.push_back({address, kPageSize, flags});
  return {};
}

std::array<std::uint8_t, 32> SimDevice::measurement() const { return measurement_->finish(); }

// Page-table permissions of what was added; writable pages move to secret memory before there is anything secret in
// them.
Result<void> SimDevice::settle_run(const AddedRun& run) {
  if ((run.flags & sgx::kSecinfoW) != 0 && secret_memory_) {
    std::vector<std::uint8_t> contents(run.size);
    std::memcpy(contents.data(), at(run.address), run.size);
    if (map_secret(run.address, run.size) != 0)
      return Error(Errc::io, "no secret memory; raise RLIMIT_MEMLOCK or use --memory plain");
    // Zero pages stay untouched: the first touch of secret memory is dear.
    static constexpr std::uint8_t kZeros[kPageSize] = {};
    for (std::uint64_t done = 0; done < run.size; done += kPageSize) {
      if (std::memcmp(contents.data() + done, kZeros, kPageSize) != 0)
        std::memcpy(at(run.address + done), contents.data() + done, kPageSize);
      sim_epcm[(run.address + done) / kPageSize] |= kEpcmSecret;
    }
    return {};
  }
  if ((run.flags & sgx::kSecinfoX) != 0 && leaves_ == LeafMode::patched) patch_leaves(run.address, run.size);
  const bool tcs = sgx::page_type(run.flags) == sgx::PageType::tcs;
  if (mprotect(at(run.address), run.size, tcs ? PROT_NONE : protection(run.flags & sgx::kSecinfoRwx)) != 0)
    return Error(Errc::io, "cannot set page permissions");
  return {};
}

// `mov $leaf, %eax; enclu; ret; int3…` at a 32-byte boundary is one of the entry object's leaf functions.
void SimDevice::patch_leaves(std::uint64_t address, std::uint64_t size) {
  static constexpr struct {
    std::uint8_t leaf;
    void (*target)();
  } kTargets[] = {{0, sim_ereport_entry}, {1, sim_egetkey_entry}, {4, sim_eexit},
                  {5, sim_eaccept_entry}, {6, sim_emodpe_entry},  {7, sim_eacceptcopy_entry}};
  for (std::uint64_t place = address; place + 32 <= address + size; place += 32) {
    auto* code = static_cast<std::uint8_t*>(at(place));
    if (code[0] != 0xb8 || std::memcmp(code + 2, "\0\0\0\x0f\x01\xd7\xc3\xcc\xcc\xcc", 10) != 0) continue;
    for (const auto& entry : kTargets) {
      if (code[1] != entry.leaf) continue;
      const auto target = reinterpret_cast<std::uint64_t>(entry.target);
      std::memcpy(code, "\xff\x25\0\0\0\0", 6);  // jmp *0(%rip)
      std::memcpy(code + 6, &target, 8);
    }
  }
}

Result<void> SimDevice::initialise(const sgx::Sigstruct& sigstruct) {
  const auto measured = measurement_->finish();
  std::memcpy(secs_.mrenclave, measured.data(), sizeof secs_.mrenclave);
  TRY(sgx::check_einit(secs_, sigstruct));
  sgx::commit_einit(secs_, sigstruct);
  if (!runs_.empty()) {
    const std::uint64_t used = runs_.back().address + runs_.back().size;
    if (used < mapped_end_) map_nothing(used, mapped_end_ - used);
  }
  for (const AddedRun& run : runs_) TRY(settle_run(run));
  set_sim_enclave(this);
  set_leaf_mode(leaves_);
  return {};
}

long SimDevice::map_data(std::uint64_t address, std::uint64_t size) {
  if (!secret_memory_) return map_plain(address, size);
  const long error = secret_pool_.take(address, size);
  if (error != 0) {
    secret_pool_.give_back(address, size);
    map_nothing(address, size);
  }
  return error;
}

long SimDevice::augment(std::uint64_t address, std::uint64_t size, PageKind kind) {
  if (!is_page_range(address, size) || size == 0) return -EINVAL;
  for (std::uint64_t page = address; page < address + size; page += kPageSize) {
    std::uint64_t& entry = sim_epcm[page / kPageSize];
    if ((entry & (kEpcmTrim | kEpcmModified)) == kEpcmTrim) entry = 0;  // EREMOVE of a page whose trimming was accepted
    if ((entry & kEpcmValid) != 0) return -EINVAL;
  }
  std::uint64_t flags = kEpcmValid | kEpcmPending | kEpcmRead | kEpcmWrite;
  if (kind == PageKind::code) {
    // Not accessible before `protect`: the processor would not let anyone see a pending page either.
    if (mmap(at(address), size, PROT_NONE, MAP_SHARED | MAP_FIXED, sim_code_file, static_cast<off_t>(address)) ==
        MAP_FAILED)
      return -errno;
    flags |= kEpcmCode;
  } else if (kind == PageKind::filled || kind == PageKind::shown) {
    return augment_staged(address, size, secret_memory_ && kind == PageKind::filled ? flags | kEpcmSecret : flags);
  } else {
    if (const long error = map_data(address, size); error != 0) return error;
    if (secret_memory_) flags |= kEpcmSecret;
  }
  for (std::uint64_t page = address; page < address + size; page += kPageSize) sim_epcm[page / kPageSize] |= flags;
  return 0;
}

// Memory elsewhere, whose pages EACCEPTCOPY fills; install_staged moves it to its place.
long SimDevice::augment_staged(std::uint64_t address, std::uint64_t size, std::uint64_t flags) {
  std::uint64_t staged;
  if ((flags & kEpcmSecret) != 0) {
    staged = secret_pool_.take_in_place(size);
    if (staged == 0) return -ENOMEM;
  } else {
    // All of it will be written at once: one pass of the kernel is cheaper than a fault for each page.
    void* const stage =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE, -1, 0);
    if (stage == MAP_FAILED) return -errno;
    staged = reinterpret_cast<std::uint64_t>(stage);
  }
  for (std::uint64_t done = 0; done < size; done += kPageSize)
    sim_epcm[(address + done) / kPageSize] |= (staged + done) | flags | kEpcmStaged;
  return 0;
}

long SimDevice::install_staged(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  const auto stage_of = [](std::uint64_t page) {
    const std::uint64_t entry = sim_epcm[page / kPageSize];
    return (entry & kEpcmStaged) != 0 ? entry & ~std::uint64_t{kEpcmFlags} : 0;
  };
  for (std::uint64_t page = address; page < address + size;) {
    const std::uint64_t stage = stage_of(page);
    std::uint64_t run = kPageSize;
    if (stage != 0) {
      while (page + run < address + size && stage_of(page + run) == stage + run) run += kPageSize;
      if ((permissions & kPageWrite) == 0) mprotect(at(stage), run, protection(permissions));
      if ((sim_epcm[page / kPageSize] & kEpcmSecret) != 0) {
        if (const long error = secret_pool_.move(stage, page, run); error != 0) return error;
      } else if (mremap(at(stage), run, run, MREMAP_MAYMOVE | MREMAP_FIXED, at(page)) == MAP_FAILED) {
        return -errno;
      }
      for (std::uint64_t done = 0; done < run; done += kPageSize)
        sim_epcm[(page + done) / kPageSize] &= kEpcmFlags & ~std::uint64_t{kEpcmStaged};
    }
    page += run;
  }
  return 0;
}

// Secret memory cannot be executed: pages that turn into code (the enclave has taken write access away) move to plain
// memory, whole and at once, so that no thread sees anything between.
long SimDevice::leave_secret_memory(std::uint64_t address, std::uint64_t size) {
  const auto is_secret = [](std::uint64_t page) { return (sim_epcm[page / kPageSize] & kEpcmSecret) != 0; };
  for (std::uint64_t page = address; page < address + size;) {
    std::uint64_t run = 0;
    while (page + run < address + size && is_secret(page + run)) run += kPageSize;
    if (run == 0) {
      page += kPageSize;
      continue;
    }
    void* const copy = mmap(nullptr, run, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (copy == MAP_FAILED) return -errno;
    mprotect(at(page), run, PROT_READ);
    std::memcpy(copy, at(page), run);
    mprotect(copy, run, PROT_READ);
    secret_pool_.give_back(page, run);
    if (mremap(copy, run, run, MREMAP_MAYMOVE | MREMAP_FIXED, at(page)) == MAP_FAILED) return -errno;
    for (std::uint64_t done = 0; done < run; done += kPageSize)
      sim_epcm[(page + done) / kPageSize] &= ~std::uint64_t{kEpcmSecret};
    page += run;
  }
  return 0;
}

// Pages that held what the host may see, or code, and that the enclave may now write: from here on they are the
// program's. They move whole and at once, and nobody could write to them before.
long SimDevice::enter_secret_memory(std::uint64_t address, std::uint64_t size) {
  const auto is_plain_data = [](std::uint64_t page) {
    return (sim_epcm[page / kPageSize] & (kEpcmSecret | kEpcmCode | kEpcmStaged)) == 0;
  };
  for (std::uint64_t page = address; page < address + size;) {
    std::uint64_t run = 0;
    while (page + run < address + size && run < SecretPool::kChunkSize && is_plain_data(page + run)) run += kPageSize;
    if (run == 0) {
      page += kPageSize;
      continue;
    }
    const std::uint64_t secret = secret_pool_.take_in_place(run);
    if (secret == 0) return -ENOMEM;
    mprotect(at(page), run, PROT_READ);
    std::memcpy(at(secret), at(page), run);
    if (const long error = secret_pool_.move(secret, page, run); error != 0) return error;
    for (std::uint64_t done = 0; done < run; done += kPageSize) sim_epcm[(page + done) / kPageSize] |= kEpcmSecret;
    page += run;
  }
  return 0;
}

long SimDevice::protect(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  if (!is_page_range(address, size) || (permissions & ~std::uint64_t{7}) != 0) return -EINVAL;
  if ((permissions & kPageExecute) != 0)
    if (const long error = leave_secret_memory(address, size); error != 0) return error;
  for (std::uint64_t page = address; page < address + size; page += kPageSize) {
    std::uint64_t& entry = sim_epcm[page / kPageSize];
    if ((entry & kEpcmValid) == 0 || (entry & (kEpcmTcs | kEpcmPending | kEpcmModified)) != 0) return -EINVAL;
    const std::uint64_t lost = entry & epcm_permissions(7) & ~epcm_permissions(permissions);
    if (lost != 0) entry = (entry & ~lost) | kEpcmRestricted;
  }
  if (secret_memory_ && (permissions & kPageWrite) != 0)
    if (const long error = enter_secret_memory(address, size); error != 0) return error;
  if ((sim_epcm[address / kPageSize] & kEpcmStaged) != 0) return install_staged(address, size, permissions);
  return mprotect(at(address), size, protection(permissions)) == 0 ? 0 : -errno;
}

long SimDevice::remove(std::uint64_t address, std::uint64_t size) {
  if (!is_page_range(address, size)) return -EINVAL;
  for (std::uint64_t page = address; page < address + size; page += kPageSize) {
    const std::uint64_t entry = sim_epcm[page / kPageSize];
    if ((entry & kEpcmTcs) != 0) return -EINVAL;
  }
  bool code = false;
  for (std::uint64_t page = address; page < address + size; page += kPageSize) {
    code |= (sim_epcm[page / kPageSize] & kEpcmCode) != 0;
    sim_epcm[page / kPageSize] = kEpcmValid | kEpcmTrim | kEpcmModified;
  }
  if (code)
    ::fallocate(sim_code_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(address),
                static_cast<off_t>(size));
  if (secret_memory_) secret_pool_.give_back(address, size);
  return map_nothing(address, size);
}

// EMODT of one page; its contents become the SimTcs, whose page the enclave then accepts.
long SimDevice::make_tcs(std::uint64_t address) {
  if (!is_page_range(address, kPageSize)) return -EINVAL;
  std::uint64_t& entry = sim_epcm[address / kPageSize];
  if ((entry & kEpcmValid) == 0 || (entry & (kEpcmTcs | kEpcmPending | kEpcmModified)) != 0) return -EINVAL;
  sgx::Tcs page;
  std::memcpy(&page, at(address), sizeof page);
  SimTcs* const tcs = make_sim_tcs(address, page);
  if (tcs == nullptr) return -ENOMEM;
  entry = reinterpret_cast<std::uint64_t>(tcs) | kEpcmValid | kEpcmModified;
  return mprotect(at(address), kPageSize, PROT_NONE) == 0 ? 0 : -errno;
}

EnterFunction SimDevice::enter() const { return sim_eenter; }

Result<void> SimDevice::prepare_thread(std::uint64_t tcs_address) {
  SimTcs* const tcs = sim_tcs_at(tcs_address);
  if (tcs == nullptr) return Error(Errc::invalid, "no TCS there");
  std::uint64_t fs;
  asm volatile("rdfsbase %0" : "=r"(fs));
  tcs->host_fs = fs;
  return {};
}

Result<void> SimDevice::confine_thread() {
  const std::uint64_t begin = reinterpret_cast<std::uint64_t>(__executable_start) & ~(kPageSize - 1);
  const std::uint64_t end = (reinterpret_cast<std::uint64_t>(etext) + kPageSize - 1) & ~(kPageSize - 1);
  if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, begin, end - begin, nullptr) != 0)
    return Error(Errc::io, "this kernel has no Syscall User Dispatch (Linux 5.11 or newer with CONFIG_GENERIC_ENTRY)");
  return {};
}

Result<std::unique_ptr<Device>> open_sim_device(const SimOptions& options) {
  const auto platform = TRY(load_sim_platform(sim_state_directory(options.state_directory)));
  const SecretMemorySupport support = secret_memory_support();
  if (options.memory == MemoryMode::secret && !support.usable)
    return Error(Errc::io,
                 "no secret memory here: needs memfd_secret and RLIMIT_MEMLOCK of 1 GiB or CAP_IPC_LOCK (see `cloister "
                 "doctor`); "
                 "--memory plain does without, and whoever is root here can then read the program's secrets");
  const bool secret = options.memory != MemoryMode::plain && support.usable;
  const bool weaker = options.memory == MemoryMode::automatic && !secret;
  return std::unique_ptr<Device>(
      std::make_unique<SimDevice>(platform, secret, options.leaves, weaker ? support.advice : std::string()));
}
}  // namespace cloister::host
