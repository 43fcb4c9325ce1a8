// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/locks.h"
#include <fcntl.h>
#include <sys/file.h>
#include <map>
#include <mutex>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/host_object.h"
#include "src/enclave/vfs/lock_table.h"

namespace cloister::vfs {
namespace {
using Kept = std::vector<std::shared_ptr<HostDescriptor>>;

struct FileLocks {
  LockTable records;
  LockTable whole;  // flock: owners are descriptions, the range is always the whole
  Kept kept;        // keep_while_locked
  bool is_empty() const { return records.is_empty() && whole.is_empty(); }
};
std::mutex locks_mutex;
std::map<FileIdentity, FileLocks> table;
std::atomic<std::size_t> locked_files{0};  // so that closing costs nothing where nobody locks
kernel::WaitQueue released;

RecordLock lock_of(Task& task, OpenFile& file, LockOwner kind, LockType type, LockRange range) {
  RecordLock lock{&file, kind, type, range, 0};
  if (kind == LockOwner::process) {
    lock.owner = &task.process;
    lock.pid = task.process.pid;
  }
  return lock;
}

// Gives what nothing keeps any more. It is to go without the lock: closing is a host call.
[[nodiscard]] Kept tidy_locked(std::map<FileIdentity, FileLocks>::iterator entry) {
  Kept kept;
  if (entry->second.is_empty()) {
    kept = std::move(entry->second.kept);
    table.erase(entry);
  }
  locked_files.store(table.size(), std::memory_order_relaxed);
  return kept;
}

// Enters the lock once nothing stands against it.
Result<void> acquire(const FileIdentity& identity, LockTable FileLocks::*kind, const RecordLock& wanted,
                     Waiting waiting, int refusal) {
  kernel::Sleeper sleeper;
  const kernel::QueueWaiter waiter(released, sleeper);
  for (;;) {
    Kept kept;
    {
      const std::lock_guard guard(locks_mutex);
      const auto entry = table.try_emplace(identity).first;
      const bool free = !(entry->second.*kind).conflict(wanted).has_value();
      if (free) (entry->second.*kind).set(wanted);
      kept = tidy_locked(entry);
      if (free) break;
    }
    if (waiting == Waiting::forbidden) return Error::from_errno(refusal);
    const auto slept = sleeper.sleep(kernel::kNoDeadline);
    if (!slept.ok()) return Error::from_errno(static_cast<int>(-core::kRestartSys));
  }
  released.wake_all();  // a smaller or weaker lock than before lets others in
  return {};
}

struct KernelFlock {
  std::int16_t type, whence;
  std::int32_t padding;
  std::int64_t start, length;
  std::int32_t pid, padding2;
};

KernelFlock host_lock(LockType type, LockRange range) {
  KernelFlock lock = {};
  lock.type = type == LockType::read ? F_RDLCK : type == LockType::write ? F_WRLCK : F_UNLCK;
  lock.start = static_cast<std::int64_t>(range.start);
  lock.length = range.end >= INT64_MAX ? 0 : static_cast<std::int64_t>(range.end - range.start + 1);
  return lock;
}

bool is_on_host(const OpenFile& file) { return file.is_host_regular; }

// Host may: refuse a lock that nobody holds or give one that somebody holds. That is all it can do: ours hold in here.
Result<void> lock_on_host(OpenFile& file, LockOwner kind, LockType type, LockRange range, Waiting waiting) {
  file.had_host_lock = true;
  const KernelFlock lock = host_lock(type, range);
  const core::HostAddress structure = core::bounce_buffer() + kStructure;
  core::copy_to_host(structure, &lock, sizeof lock);
  const int command = kind == LockOwner::process ? (waiting == Waiting::allowed ? F_SETLKW : F_SETLK)
                                                 : (waiting == Waiting::allowed ? F_OFD_SETLKW : F_OFD_SETLK);
  const auto done = blocking_host_call(HostCall::fcntl, static_cast<std::uint64_t>(file.host_descriptor),
                                       static_cast<std::uint64_t>(command), structure);
  if (done.ok()) return {};
  return Error::from_errno(done.error().errno_value() == EACCES ? EAGAIN : done.error().errno_value());
}

// After the host refused: what the owner had before, within the range.
void restore(const FileIdentity& identity, const RecordLock& failed, const std::vector<RecordLock>& before) {
  Kept kept;
  {
    const std::lock_guard guard(locks_mutex);
    const auto entry = table.try_emplace(identity).first;
    entry->second.records.remove_owner(failed.owner);
    for (const RecordLock& lock : before) entry->second.records.set(lock);
    kept = tidy_locked(entry);
  }
  released.wake_all();
}
}  // namespace

Result<void> set_record_lock(Task& task, OpenFile& file, LockOwner kind, LockType type, LockRange range,
                             Waiting waiting) {
  const FileIdentity identity = TRY(file.identity());
  const RecordLock wanted = lock_of(task, file, kind, type, range);
  std::vector<RecordLock> before;
  {
    const std::lock_guard guard(locks_mutex);
    if (const auto entry = table.find(identity); entry != table.end())
      before = entry->second.records.of_owner(wanted.owner);
  }
  TRY(acquire(identity, &FileLocks::records, wanted, waiting, EAGAIN));
  if (!is_on_host(file)) return {};
  const auto locked = lock_on_host(file, kind, type, range, waiting);
  if (!locked.ok()) restore(identity, wanted, before);
  return locked;
}

Result<std::optional<RecordLock>> find_conflict(Task& task, OpenFile& file, LockOwner kind, LockType type,
                                                LockRange range) {
  const FileIdentity identity = TRY(file.identity());
  {
    const std::lock_guard guard(locks_mutex);
    if (const auto entry = table.find(identity); entry != table.end())
      if (auto found = entry->second.records.conflict(lock_of(task, file, kind, type, range))) return found;
  }
  if (!is_on_host(file)) return std::optional<RecordLock>();
  KernelFlock lock = host_lock(type, range);
  const core::HostAddress structure = core::bounce_buffer() + kStructure;
  core::copy_to_host(structure, &lock, sizeof lock);
  TRY(quick_host_call(HostCall::fcntl, static_cast<std::uint64_t>(file.host_descriptor),
                      static_cast<std::uint64_t>(kind == LockOwner::process ? F_GETLK : F_OFD_GETLK), structure));
  core::copy_from_host(&lock, structure, sizeof lock);
  if (lock.type == F_UNLCK) return std::optional<RecordLock>();
  if ((lock.type != F_RDLCK && lock.type != F_WRLCK) || lock.start < 0 || lock.length < 0 ||
      (lock.length != 0 && lock.start > INT64_MAX - lock.length))
    core::host_lied(HostCall::fcntl, "a lock that cannot be");
  RecordLock found;  // of another program: its process id means nothing in here
  found.type = lock.type == F_RDLCK ? LockType::read : LockType::write;
  found.range.start = static_cast<std::uint64_t>(lock.start);
  found.range.end = lock.length == 0 ? ~0ULL : found.range.start + static_cast<std::uint64_t>(lock.length) - 1;
  return std::optional<RecordLock>(found);
}

// A change of type is a release and a new attempt, as on Linux.
Result<void> set_whole_lock(Task& task, OpenFile& file, LockType type, Waiting waiting) {
  const FileIdentity identity = TRY(file.identity());
  const auto host = static_cast<std::uint64_t>(file.host_descriptor);
  const RecordLock wanted = lock_of(task, file, LockOwner::description, type, {});
  if (const auto taken = acquire(identity, &FileLocks::whole, wanted, Waiting::forbidden, EWOULDBLOCK); !taken.ok()) {
    RecordLock none = wanted;
    none.type = LockType::none;
    TRY(acquire(identity, &FileLocks::whole, none, Waiting::forbidden, EWOULDBLOCK));
    if (is_on_host(file)) TRY(quick_host_call(HostCall::flock, host, LOCK_UN));
    if (waiting == Waiting::forbidden) return taken.error();
    TRY(acquire(identity, &FileLocks::whole, wanted, waiting, EWOULDBLOCK));
  }
  if (!is_on_host(file)) return {};
  file.had_host_lock = true;
  const int operation = type == LockType::none ? LOCK_UN : type == LockType::read ? LOCK_SH : LOCK_EX;
  const auto locked = blocking_host_call(
      HostCall::flock, host, static_cast<std::uint64_t>(operation | (waiting == Waiting::forbidden ? LOCK_NB : 0)));
  if (locked.ok()) return {};
  RecordLock none = wanted;
  none.type = LockType::none;
  TRY(acquire(identity, &FileLocks::whole, none, Waiting::forbidden, EWOULDBLOCK));
  return locked.error();
}

// Linux drops a process's record locks on a file with any descriptor of it that is closed, and so does the host with
// ours: also with one that only a mapping still needed.
void keep_while_locked(const FileIdentity& identity, std::shared_ptr<HostDescriptor> descriptor) {
  if (locked_files.load(std::memory_order_relaxed) == 0) return;
  const std::lock_guard guard(locks_mutex);
  if (const auto entry = table.find(identity); entry != table.end())
    entry->second.kept.push_back(std::move(descriptor));
}

void release_process_locks(OpenFile& file) {
  if (locked_files.load(std::memory_order_relaxed) == 0) return;
  const auto identity = file.identity();
  if (!identity.ok()) return;
  const void* const owner = &kernel::current_task()->process;
  Kept kept;
  {
    const std::lock_guard guard(locks_mutex);
    const auto entry = table.find(identity.value());
    if (entry == table.end() || !entry->second.records.has_owner(owner)) return;
    entry->second.records.remove_owner(owner);
    kept = tidy_locked(entry);
  }
  released.wake_all();
  if (is_on_host(file)) (void)lock_on_host(file, LockOwner::process, LockType::none, {}, Waiting::forbidden);
}

// The host's locks of a description go with its descriptor.
void release_description_locks(OpenFile& file) {
  if (locked_files.load(std::memory_order_relaxed) == 0) return;
  const auto identity = file.identity();
  if (!identity.ok()) return;
  Kept kept;
  {
    const std::lock_guard guard(locks_mutex);
    const auto entry = table.find(identity.value());
    if (entry == table.end()) return;
    entry->second.records.remove_owner(&file);
    entry->second.whole.remove_owner(&file);
    kept = tidy_locked(entry);
  }
  released.wake_all();
}
}  // namespace cloister::vfs
