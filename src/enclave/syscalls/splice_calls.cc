// SPDX-License-Identifier: Apache-2.0
// splice, tee, vmsplice: copies by way of a trusted buffer. A pipe is one that lives inside; with a host's pipe on each
// side the answer is EINVAL, at which programs fall back to read and write.
#include <fcntl.h>
#include <algorithm>
#include "src/enclave/ipc/pipe.h"
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/handler_list.h"

namespace cloister::syscalls {
namespace {
using ipc::Blocking;
using ipc::Pipe;
using kernel::IoVector;
constexpr std::uint32_t kAllFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT;
constexpr std::size_t kPiece = 64 << 10;

Blocking blocking_of(std::uint32_t flags) {
  return (flags & SPLICE_F_NONBLOCK) != 0 ? Blocking::forbidden : Blocking::allowed;
}
Blocking blocking_of(std::uint32_t flags, const vfs::OpenFile& pipe) {
  return pipe.is_nonblocking() ? Blocking::forbidden : blocking_of(flags);
}

// Event counters, timers and the like have no type, and nothing is spliced with them; nor with directories.
Result<void> check_type(vfs::OpenFile& file) {
  if (file.is_directory()) return Error::from_errno(EINVAL);
  if (file.kind != core::FileKind::other || file.as_pipe() != nullptr) return {};
  return (TRY(file.status()).st_mode & S_IFMT) != 0 ? Result<void>() : Error::from_errno(EINVAL);
}

// The side that is no pipe: at its own offset, or at one that the program keeps.
class Side {
 public:
  static Result<Side> of(vfs::OpenFile& file, ProgramAddress address) {
    if (address.is_null()) return Side(file, address, 0);
    const std::int64_t offset = TRY(address.load<std::int64_t>());
    if (offset < 0 || !file.seek(0, SEEK_CUR).ok()) return Error::from_errno(EINVAL);
    return Side(file, address, static_cast<std::uint64_t>(offset));
  }
  Result<std::size_t> read(Task& task, const IoVector& to) {
    return moved(address_.is_null() ? file_.read(task, to) : file_.read_at(task, to, offset_));
  }
  Result<std::size_t> write(Task& task, const IoVector& from) {
    return moved(address_.is_null() ? file_.write(task, from) : file_.write_at(task, from, offset_));
  }
  Result<void> store_offset() const {
    if (address_.is_null()) return {};
    return address_.store(static_cast<std::int64_t>(offset_));
  }

 private:
  Side(vfs::OpenFile& file, ProgramAddress address, std::uint64_t offset)
      : file_(file), address_(address), offset_(offset) {}
  Result<std::size_t> moved(Result<std::size_t> result) {
    if (result.ok()) offset_ += result.value();
    return result;
  }

  vfs::OpenFile& file_;
  ProgramAddress address_;
  std::uint64_t offset_;
};

// What is there, but no more than there is without waiting again.
Result<std::size_t> from_pipe(Task& task, Pipe& pipe, Side& to, std::size_t size, Blocking blocking) {
  std::size_t done = 0;
  while (done < size) {
    auto lent = pipe.lend(std::min(size - done, kPiece), done == 0 ? blocking : Blocking::forbidden);
    if (!lent.ok()) return done > 0 ? Result<std::size_t>(done) : Result<std::size_t>(lent.error());
    std::vector<std::uint8_t>& bytes = lent.value();
    if (bytes.empty()) break;
    const auto put = to.write(task, IoVector::trusted(bytes.data(), bytes.size()));
    const std::size_t taken = put.ok() ? put.value() : 0;
    pipe.take_back(std::span(bytes).subspan(taken), bytes.size());
    done += taken;
    if (!put.ok() && done == 0) return put.error();
    if (taken < bytes.size()) break;
  }
  return done;
}

// As much as fits at once. `read(buffer)` brings it, and says how much.
template <typename Read>
Result<std::size_t> to_pipe(Task& task, Pipe& pipe, std::size_t size, Blocking blocking, Read read) {
  std::vector<std::uint8_t> bytes(TRY(pipe.reserve(task, size, blocking)));
  Result<std::size_t> got = read(std::span(bytes));
  pipe.fill(std::span(bytes).first(got.ok() ? got.value() : 0), bytes.size());
  return got;
}
}  // namespace

SysResult sys_splice(Task& task, int from, ProgramAddress from_offset, int to, ProgramAddress to_offset,
                     std::uint64_t size, std::uint32_t flags) {
  if (size == 0) return 0;
  if ((flags & ~kAllFlags) != 0) return Error::from_errno(EINVAL);
  const vfs::FileRef in = TRY(find_readable(task, from)), out = TRY(find_writable(task, to));
  Pipe* const in_pipe = in->as_pipe();
  Pipe* const out_pipe = out->as_pipe();
  if ((in_pipe != nullptr && !from_offset.is_null()) || (out_pipe != nullptr && !to_offset.is_null()))
    return Error::from_errno(ESPIPE);
  TRY(check_type(*in));
  TRY(check_type(*out));
  size = std::min(size, kMaxTransfer);
  if (out_pipe != nullptr) {
    if (in_pipe == out_pipe) return Error::from_errno(EINVAL);
    const Blocking blocking = in_pipe != nullptr ? blocking_of(flags, *in) : Blocking::allowed;
    Side side = TRY(Side::of(*in, from_offset));
    const std::size_t done =
        TRY(to_pipe(task, *out_pipe, size, blocking_of(flags, *out), [&](std::span<std::uint8_t> buffer) {
          const IoVector piece = IoVector::trusted(buffer.data(), buffer.size());
          return in_pipe != nullptr ? in_pipe->read(piece, blocking) : side.read(task, piece);
        }));
    TRY(side.store_offset());
    return static_cast<std::int64_t>(done);
  }
  if (in_pipe == nullptr) return Error::from_errno(EINVAL);
  if ((out->status_flags.load(std::memory_order_relaxed) & O_APPEND) != 0) return Error::from_errno(EINVAL);
  Side side = TRY(Side::of(*out, to_offset));
  const std::size_t done = TRY(from_pipe(task, *in_pipe, side, size, blocking_of(flags, *in)));
  TRY(side.store_offset());
  return static_cast<std::int64_t>(done);
}

SysResult sys_tee(Task& task, int from, int to, std::uint64_t size, std::uint32_t flags) {
  if ((flags & ~kAllFlags) != 0) return Error::from_errno(EINVAL);
  if (size == 0) return 0;
  const vfs::FileRef in = TRY(find_readable(task, from)), out = TRY(find_writable(task, to));
  if (in->as_pipe() == nullptr || out->as_pipe() == nullptr || in->as_pipe() == out->as_pipe())
    return Error::from_errno(EINVAL);
  return static_cast<std::int64_t>(
      TRY(to_pipe(task, *out->as_pipe(), std::min(size, kMaxTransfer), blocking_of(flags, *out),
                  [&](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
                    const auto bytes = TRY(in->as_pipe()->peek(buffer.size(), blocking_of(flags, *in)));
                    std::ranges::copy(bytes, buffer.begin());
                    return bytes.size();
                  })));
}

SysResult sys_vmsplice(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::uint32_t flags) {
  if ((flags & ~kAllFlags) != 0) return Error::from_errno(EINVAL);
  const vfs::FileRef file = TRY(find_file(task, descriptor));
  if (file->as_pipe() == nullptr || (!file->writable && !file->readable)) return Error::from_errno(EBADF);
  const IoVector memory = TRY(IoVector::load(vector, count));
  if (memory.size() == 0) return 0;
  if (!file->writable) return static_cast<std::int64_t>(TRY(file->as_pipe()->read(memory, blocking_of(flags))));
  return static_cast<std::int64_t>(TRY(to_pipe(task, *file->as_pipe(), memory.size(), blocking_of(flags),
                                               [&](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
                                                 TRY(memory.fetch(0, buffer.data(), buffer.size()));
                                                 return buffer.size();
                                               })));
}
}  // namespace cloister::syscalls
