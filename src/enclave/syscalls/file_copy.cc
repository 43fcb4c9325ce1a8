// SPDX-License-Identifier: Apache-2.0
// Copies between files: a loop over a trusted buffer, since one side or both may live inside.
#include <fcntl.h>
#include <algorithm>
#include <memory>
#include <optional>
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"

namespace cloister::syscalls {
namespace {
using kernel::IoVector;
constexpr std::size_t kPiece = 64 << 10;

// A file's bytes in the runtime's memory: where they are, or copied.
class Source {
 public:
  Source(Task& task, vfs::OpenFile& file) : task_(task), file_(file) {}

  // At most kPiece bytes, good until the next call; fewer, or none, where the file ends.
  Result<IoVector> piece(std::uint64_t offset, std::size_t size) {
    borrowed_ = TRY(file_.borrow(offset, size));
    if (borrowed_.size > 0) return IoVector::trusted(const_cast<std::uint8_t*>(borrowed_.data), borrowed_.size);
    if (copied_ == nullptr) copied_.reset(new std::uint8_t[size]);  // the first is the largest
    return IoVector::trusted(copied_.get(), TRY(file_.read_at(task_, IoVector::trusted(copied_.get(), size), offset)));
  }

 private:
  Task& task_;
  vfs::OpenFile& file_;
  vfs::BorrowedBytes borrowed_;
  std::unique_ptr<std::uint8_t[]> copied_;
};

// Copies until the source ends or the target takes less. `write` gets a piece and how much was copied before it.
template <typename Write>
Result<std::size_t> copy(Task& task, vfs::OpenFile& from, std::uint64_t offset, std::uint64_t size, Write write) {
  Source source(task, from);
  std::size_t done = 0;
  while (done < size) {
    const auto piece = source.piece(offset + done, std::min<std::uint64_t>(kPiece, size - done));
    if (!piece.ok()) return done > 0 ? Result<std::size_t>(done) : Result<std::size_t>(piece.error());
    if (piece.value().size() == 0) break;
    const auto put = write(piece.value(), done);
    if (!put.ok()) return done > 0 ? Result<std::size_t>(done) : Result<std::size_t>(put.error());
    done += put.value();
    if (put.value() < piece.value().size()) break;
  }
  return done;
}

// The offset at the program's address, or the file's own.
Result<std::uint64_t> start_offset(vfs::OpenFile& file, ProgramAddress address) {
  const std::int64_t offset = address.is_null() ? TRY(file.seek(0, SEEK_CUR)) : TRY(address.load<std::int64_t>());
  if (offset < 0) return Error::from_errno(EINVAL);
  return static_cast<std::uint64_t>(offset);
}

Result<void> store_offset(vfs::OpenFile& file, ProgramAddress address, std::uint64_t offset) {
  if (!address.is_null()) return address.store(static_cast<std::int64_t>(offset));
  const auto moved = file.seek(static_cast<std::int64_t>(offset), SEEK_SET);
  if (moved.ok()) return {};
  if (file.kind == core::FileKind::host_regular)
    core::host_lied(HostCall::lseek, "no such place, where it has just given data");
  return moved.error();
}

Result<void> check_regular(vfs::OpenFile& file) {
  const struct stat status = TRY(file.status());
  if (S_ISDIR(status.st_mode)) return Error::from_errno(EISDIR);
  if (!S_ISREG(status.st_mode)) return Error::from_errno(EINVAL);
  return {};
}
// Where the data need not come in. Nothing: it must, or something is wrong with the offset.
std::optional<SysResult> send_outside(Task& task, vfs::OpenFile& to, vfs::OpenFile& from, ProgramAddress offset_address,
                                      std::uint64_t size) {
  std::optional<std::uint64_t> offset;
  if (!offset_address.is_null()) {
    const auto given = offset_address.load<std::int64_t>();
    if (!given.ok() || given.value() < 0) return std::nullopt;
    offset = static_cast<std::uint64_t>(given.value());
  }
  const auto done = to.send_file(task, from, offset, size);
  if (!done.has_value()) return std::nullopt;
  if (!done->ok()) return SysResult(done->error());
  if (offset.has_value())
    if (const auto stored = offset_address.store(static_cast<std::int64_t>(*offset + done->value())); !stored.ok())
      return SysResult(stored.error());
  return static_cast<std::int64_t>(done->value());
}
}  // namespace

SysResult sys_sendfile(Task& task, int to, int from, ProgramAddress offset_address, std::uint64_t size) {
  const vfs::FileRef source = TRY(find_readable(task, from)), target = TRY(find_writable(task, to));
  if ((target->status_flags.load(std::memory_order_relaxed) & O_APPEND) != 0) return Error::from_errno(EINVAL);
  if (static_cast<std::int64_t>(size) < 0 || source->is_directory()) return Error::from_errno(EINVAL);
  size = std::min(size, kMaxTransfer);
  if (auto done = send_outside(task, *target, *source, offset_address, size)) return std::move(*done);
  const auto offset = start_offset(*source, offset_address);
  if (!offset.ok())
    return Error::from_errno(offset.error().errno_value() == ESPIPE ? EINVAL : offset.error().errno_value());
  const std::size_t done = TRY(copy(task, *source, offset.value(), size,
                                    [&](const IoVector& piece, std::size_t) { return target->write(task, piece); }));
  TRY(store_offset(*source, offset_address, offset.value() + done));
  return static_cast<std::int64_t>(done);
}

SysResult sys_copy_file_range(Task& task, int from, ProgramAddress from_offset, int to, ProgramAddress to_offset,
                              std::uint64_t size, std::uint32_t flags) {
  const vfs::FileRef source = TRY(find_readable(task, from)), target = TRY(find_writable(task, to));
  if (flags != 0) return Error::from_errno(EINVAL);
  if ((target->status_flags.load(std::memory_order_relaxed) & O_APPEND) != 0) return Error::from_errno(EBADF);
  TRY(check_regular(*source));
  TRY(check_regular(*target));
  const std::uint64_t read_at = TRY(start_offset(*source, from_offset)),
                      write_at = TRY(start_offset(*target, to_offset));
  size = std::min(size, kMaxTransfer);
  if (TRY(source->identity()) == TRY(target->identity()) && read_at < write_at + size && write_at < read_at + size)
    return Error::from_errno(EINVAL);
  const std::size_t done = TRY(copy(task, *source, read_at, size, [&](const IoVector& piece, std::size_t before) {
    return target->write_at(task, piece, write_at + before);
  }));
  TRY(store_offset(*source, from_offset, read_at + done));
  TRY(store_offset(*target, to_offset, write_at + done));
  return static_cast<std::int64_t>(done);
}
}  // namespace cloister::syscalls
