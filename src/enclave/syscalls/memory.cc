// SPDX-License-Identifier: Apache-2.0
// mmap and its family. The work is AddressSpace's; here are descriptors, flags and what Linux checks before it looks at
// memory.
#include <linux/capability.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/credentials.h"
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/handler_list.h"
#include "src/enclave/vfs/shared_pages.h"

namespace cloister::syscalls {
namespace {
using layout::kPageSize;
Error failure(int error) { return Error::from_errno(error); }

SysResult done(Result<void> result) {
  TRY(std::move(result));
  return 0;
}

// The file behind a mapping, and whether a shared one may become writable. `shown`: what a shared mapping makes
// visible.
Result<void> take_file(Task& task, int descriptor, kernel::AddressSpace::MapRequest* request, vfs::FileRef* shown) {
  const vfs::FileRef file = TRY(find_file(task, descriptor));
  const bool shared = (request->flags & MAP_TYPE) != MAP_PRIVATE;
  if (shared && (request->protection & PROT_WRITE) != 0 && !file->writable) return failure(EACCES);
  if (!file->readable) return failure(EACCES);
  request->file = TRY(file->map_file());
  if (shared && request->file->is_own_memory()) {
    request->file.reset();
    request->flags |= MAP_ANONYMOUS;
    request->offset = 0;
    return {};
  }
  request->file_writable = file->writable;
  *shown = shared ? file : vfs::FileRef();
  request->name = request->file->path();
  return {};
}

kernel::LockedPages locked_pages(bool on_fault) {
  return on_fault ? kernel::LockedPages::when_touched : kernel::LockedPages::at_once;
}

// How many bytes may be locked. EPERM: none at all.
Result<std::uint64_t> lock_limit(Task& task) {
  const std::lock_guard guard(task.process.mutex);
  if (kernel::has_capability(task.process.credentials, CAP_IPC_LOCK)) return ~std::uint64_t{0};
  const std::uint64_t limit = task.process.limits[RLIMIT_MEMLOCK].rlim_cur;
  if (limit == 0) return failure(EPERM);
  return limit;
}

// What no error number tells: said once.
void say_why_refused(const std::string& path, const Error& error) {
  static std::atomic<bool> said{false};
  if (*error.what() == '\0' || said.exchange(true)) return;
  const std::string line = "cloister: a mapping of " + path + " " + error.what() + "; it is refused with ENODEV\n";
  core::print_to_host(core::PrintStream::error, line.data(), line.size());
}
}  // namespace

SysResult sys_mmap(Task& task, std::uint64_t address, std::uint64_t size, int protection, int flags, int descriptor,
                   std::uint64_t offset) {
  if (offset % kPageSize != 0) return failure(EINVAL);
  if (size == 0 || (flags & MAP_TYPE) == 0) {
    if ((flags & MAP_ANONYMOUS) == 0) TRY(find_file(task, descriptor));
    return failure(EINVAL);
  }
  kernel::AddressSpace::MapRequest request;
  request.address = address;
  request.size = size;
  request.protection = protection;
  request.flags = flags;
  vfs::FileRef shown;
  if ((flags & MAP_ANONYMOUS) == 0) {
    request.offset = offset;
    TRY(take_file(task, descriptor, &request, &shown));
  }
  if (!shown) return static_cast<std::int64_t>(TRY(task.process.memory->map(request)));
  const vfs::FileIdentity identity = TRY(shown->identity());
  vfs::settle_pages(vfs::key_of(identity));
  const auto place = task.process.memory->map(request);
  if (!place.ok()) {
    say_why_refused(request.name, place.error());
    return place.error();
  }
  vfs::note_shared_mapping(task, identity);
  return static_cast<std::int64_t>(place.value());
}

SysResult sys_munmap(Task& task, std::uint64_t address, std::uint64_t size) {
  return done(task.process.memory->unmap(address, size));
}

SysResult sys_mprotect(Task& task, std::uint64_t address, std::uint64_t size, int protection) {
  return done(task.process.memory->protect(address, size, protection));
}

SysResult sys_mremap(Task& task, std::uint64_t old_address, std::uint64_t old_size, std::uint64_t new_size, int flags,
                     std::uint64_t new_address) {
  return static_cast<std::int64_t>(
      TRY(task.process.memory->remap(old_address, old_size, new_size, flags, new_address)));
}

SysResult sys_brk(Task& task, std::uint64_t address) {
  return static_cast<std::int64_t>(task.process.memory->set_brk(address));
}

SysResult sys_madvise(Task& task, std::uint64_t address, std::uint64_t size, int advice) {
  return done(task.process.memory->advise(address, size, advice));
}

SysResult sys_msync(Task& task, std::uint64_t address, std::uint64_t size, int flags) {
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0 || (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
    return failure(EINVAL);
  return done(task.process.memory->synchronise(address, size, flags));
}

SysResult sys_mincore(Task& task, std::uint64_t address, std::uint64_t size, ProgramAddress vector) {
  if (address % kPageSize != 0) return failure(EINVAL);
  if (size > layout::kProgramHigh) return failure(ENOMEM);
  constexpr std::uint64_t kAtOnce = 1ULL << 30;
  for (std::uint64_t from = 0; from < size; from += kAtOnce) {
    const auto pages = TRY(task.process.memory->residency(address + from, std::min(size - from, kAtOnce)));
    TRY((vector + from / kPageSize).write(pages.data(), pages.size()));
  }
  return 0;
}

// The whole pages from `address` to the end, as mlock counts them: a size that passes 2^64 by rounding is none at all.
Result<std::uint64_t> size_to_lock(std::uint64_t address, std::uint64_t size) {
  const std::uint64_t offset = address % kPageSize;
  const std::uint64_t whole = (size + offset + kPageSize - 1) / kPageSize * kPageSize;
  if (address - offset + whole < address - offset) return failure(EINVAL);
  return whole == 0 ? 0 : whole - offset;
}

// Enclave memory is never swapped by anyone who could read it: locking needs nothing but a mapped range.
SysResult sys_mlock2(Task& task, std::uint64_t address, std::uint64_t size, int flags) {
  if ((flags & ~1 /* MLOCK_ONFAULT */) != 0) return failure(EINVAL);
  const std::uint64_t limit = TRY(lock_limit(task));
  const std::uint64_t whole = TRY(size_to_lock(address, size));
  return whole == 0 ? SysResult(0) : done(task.process.memory->lock(address, whole, locked_pages(flags != 0), limit));
}
SysResult sys_mlock(Task& task, std::uint64_t address, std::uint64_t size) {
  return sys_mlock2(task, address, size, 0);
}
SysResult sys_munlock(Task& task, std::uint64_t address, std::uint64_t size) {
  const std::uint64_t whole = TRY(size_to_lock(address, size));
  return whole == 0 ? SysResult(0) : done(task.process.memory->unlock(address, whole));
}
SysResult sys_mlockall(Task& task, int flags) {
  if (flags == 0 || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) != 0 || flags == MCL_ONFAULT)
    return failure(EINVAL);
  const std::uint64_t limit = TRY(lock_limit(task));
  const kernel::LockAll what{(flags & MCL_CURRENT) != 0, (flags & MCL_FUTURE) != 0};
  return done(task.process.memory->lock_all(what, locked_pages((flags & MCL_ONFAULT) != 0), limit));
}

SysResult sys_munlockall(Task& task) {
  task.process.memory->unlock_all();
  return 0;
}

// Only MEMBARRIER_CMD_QUERY, which answers that there is no other command.
SysResult sys_membarrier(Task&, int command, std::uint32_t flags) {
  if (command != 0 || flags != 0) return failure(EINVAL);
  return 0;
}
}  // namespace cloister::syscalls
