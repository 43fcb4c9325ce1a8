// SPDX-License-Identifier: Apache-2.0
// An open file description as the kernel storey sees it. Trusted. Every kind of file derives from this; the defaults
// answer as Linux does for a file that lacks the operation.
#pragma once
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <cerrno>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/enclave/core/task.h"
#include "src/enclave/kernel/program_memory.h"
#include "src/enclave/kernel/wait_queue.h"

namespace cloister::kernel {
class MappedFile;
class Task;
}  // namespace cloister::kernel

namespace cloister::ipc {
class Pipe;
class TimerFile;
}  // namespace cloister::ipc

namespace cloister::vfs {
// The program asked for what Linux refuses.
inline Error refuse(int error) { return Error::from_errno(error); }

using kernel::IoVector;
using kernel::ProgramAddress;
using kernel::Task;

// One directory entry, as getdents64 shows it.
struct DirectoryEntry {
  std::string name;
  std::uint64_t inode;
  std::uint8_t type;  // DT_*
};

// What file locks hang on: the same for every open file description of one file.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  bool host = false;  // the host's numbers, or ours
  auto operator<=>(const FileIdentity&) const = default;
};

// Bytes that stay as they are while they are held; their memory is the runtime's.
struct BorrowedBytes {
  std::shared_ptr<const std::uint8_t[]> holder;
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

class NodeFile;
class TmpfsFile;

class OpenFile : public core::File {
 public:
  virtual ~OpenFile() = default;

  // Data at the file's own offset (or of a stream). The number of bytes; 0 is the end. Blocks unless O_NONBLOCK is set.
  virtual Result<std::size_t> read(Task& task, const IoVector& to);
  virtual Result<std::size_t> write(Task& task, const IoVector& from);
  // sendfile(2) of a file whose data need not come in for it, at `offset` or its own; nothing where it must.
  virtual std::optional<Result<std::size_t>> send_file(Task& task, OpenFile& from, std::optional<std::uint64_t> offset,
                                                       std::size_t size);
  // Data at `offset`, which does not move the file's own. ESPIPE for streams.
  virtual Result<std::size_t> read_at(Task& task, const IoVector& to, std::uint64_t offset);
  virtual Result<std::size_t> write_at(Task& task, const IoVector& from, std::uint64_t offset);
  // These bytes of the file where they lie in the enclave; none where read_at must copy them.
  virtual Result<BorrowedBytes> borrow(std::uint64_t offset, std::size_t size);
  virtual Result<std::int64_t> seek(std::int64_t offset, int whence);
  virtual Result<struct stat> status();
  virtual Result<void> truncate(std::uint64_t size);
  virtual Result<void> allocate(int mode, std::uint64_t offset, std::uint64_t size);
  virtual Result<void> synchronise(bool data_only);
  // Entries from the directory's position on, as many as fit `size` bytes of linux_dirent64; the bytes to copy out.
  virtual Result<std::vector<std::uint8_t>> read_directory(std::size_t size);
  virtual Result<std::int64_t> control(Task& task, std::uint32_t request, ProgramAddress argument);  // ioctl
  virtual Result<void> set_status_flags(std::uint32_t flags);  // fcntl F_SETFL: the changeable ones
  virtual Result<void> change_mode(std::uint32_t mode);
  virtual Result<void> change_owner(std::uint32_t user, std::uint32_t group);
  virtual Result<void> set_times(
      const struct timespec times[2]);  // UTIME_NOW and UTIME_OMIT are resolved by the callee
  virtual Result<struct statfs> filesystem_status();
  // For mmap; ENODEV where there is nothing to map.
  virtual Result<std::shared_ptr<kernel::MappedFile>> map_file();
  // Locks: the file they are about; EBADF where locks make no sense.
  virtual Result<FileIdentity> identity();

  // EPOLL* bits that hold now.
  virtual std::uint32_t readiness();
  // It is registered with one epoll object, once: if it is a socket whose peer may be heard ahead (core/prefetch.h), so
  // be it.
  virtual void allow_receive_ahead(bool /*by_edge*/) {}
  virtual void forbid_receive_ahead() {}
  // It is watched, as servers do: if it is such a socket, what it sends may wait for an exit (core/write_behind.h).
  virtual void allow_write_behind() {}
  // It is read or watched in another way.
  void stop_receive_ahead();
  // Woken whenever readiness may have grown; null for host files, whose readiness the host knows (see host_descriptor).
  virtual kernel::WaitQueue* wait_queue() { return nullptr; }
  // Files that become ready by time alone (timers, epoll objects that hold some). advance_time() lets due changes
  // happen, which wakes the queue, and says when the next one is due (CLOCK_MONOTONIC ns).
  virtual bool is_time_driven() const { return false; }
  virtual std::uint64_t advance_time() { return kernel::kNoDeadline; }
  // fcntl's F_SETPIPE_SZ and F_GETPIPE_SZ: the capacity in bytes; EBADF for what is no pipe.
  virtual Result<std::int64_t> set_pipe_capacity(std::uint64_t bytes);
  virtual Result<std::int64_t> pipe_capacity();

  // The path under which it was opened or that it was moved to, for /proc/self/fd, fchdir and *at calls; "pipe:[…]" and
  // the like for others.
  std::string path() const;
  void set_path(std::string path);
  virtual bool is_directory() const { return false; }
  virtual bool is_socket() const { return false; }
  virtual ipc::Pipe* as_pipe() { return nullptr; }         // of the enclave; for splice and its kin
  virtual ipc::TimerFile* as_timer() { return nullptr; }   // for timerfd_settime and timerfd_gettime
  virtual NodeFile* as_node_file() { return nullptr; }     // open files of in-enclave nodes (node_file.h)
  virtual TmpfsFile* as_memory_file() { return nullptr; }  // for seals (tmpfs_file.h)

  // A descriptor of it was closed, which drops the process's record locks on the file.
  virtual void descriptor_closed();
  // The process ends with a descriptor of it open; last_close() is not called.
  virtual void process_ends() {}
  // The last reference goes: closes the host descriptor, wakes peers. Called once, then the object is deleted.
  virtual void last_close() {}

  bool had_host_lock = false;    // the host may hold one until its descriptor is closed
  bool is_host_regular = false;  // a regular file of the host, whatever way its data takes

  // Epoll objects that watch it (epoll_watch.h); they are told before last_close().
  std::atomic<class EpollWatches*> epoll_watches{nullptr};

 private:
  std::string path_;
};

// Flags that a description keeps from open(2), and its access mode.
void apply_open_flags(OpenFile& file, std::uint32_t flags);

// Drops one reference (of a descriptor slot or of a holder); frees the file when nobody uses it any more.
void release_reference(OpenFile* file);

// Owning handle for code that keeps a file beyond a descriptor slot.
class FileRef {
 public:
  FileRef() = default;
  explicit FileRef(OpenFile* adopted) : file_(adopted) {}  // takes over one reference
  static FileRef share(OpenFile* file) {
    file->references.fetch_add(1, std::memory_order_relaxed);
    return FileRef(file);
  }
  FileRef(const FileRef& other) : file_(other.file_) {
    if (file_ != nullptr) file_->references.fetch_add(1, std::memory_order_relaxed);
  }
  FileRef(FileRef&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}
  FileRef& operator=(FileRef other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FileRef() {
    if (file_ != nullptr) release_reference(file_);
  }
  OpenFile* get() const { return file_; }
  OpenFile* operator->() const { return file_; }
  OpenFile& operator*() const { return *file_; }
  explicit operator bool() const { return file_ != nullptr; }
  OpenFile* release() { return std::exchange(file_, nullptr); }

 private:
  OpenFile* file_ = nullptr;
};
}  // namespace cloister::vfs
