// SPDX-License-Identifier: Apache-2.0
// Calls about files, directories and names.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <linux/stat.h>
#include <algorithm>
#include <cstring>
#include "fuzz/boundary/host_model.h"
#include "fuzz/boundary/program.h"
#include "fuzz/boundary/program_memory.h"
#include "fuzz/boundary/program_transfers.h"
#include "fuzz/boundary/system_call.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::fuzz {
namespace {
constexpr const char* kPaths[] = {"/h/f",    "/h/d",   "/h/link", "/h/d/g",    "/measured", "/h/link/x",
                                  "/h/fifo", "/h/tty", "f",       "/h/d/../f", "/tmp/t",    "/h/f/"};
kernel::ProgramAddress path(Program& program) { return text(kPaths[program.choices.below(std::size(kPaths))]); }

void require_measured(kernel::ProgramAddress address, long size) {
  require(size <= static_cast<long>(kMeasuredSize), "a measured file that is longer");
  for (long i = 0; i < size; ++i)
    require(at<std::uint8_t>(address)[i] == kMeasuredByte, "wrong bytes of a measured file");
}

void open_file(Program& program) {
  static constexpr std::uint32_t kFlags[] = {O_RDWR, O_RDWR | O_CREAT, O_RDWR | O_APPEND, O_RDWR | O_NONBLOCK};
  const std::uint32_t flags = kFlags[program.choices.below(std::size(kFlags))];
  program.add(call(program.task, SYS_open, text("/h/f"), flags, 0600), Kind::file);
}
void open_other(Program& program) {
  const bool is_terminal = program.choices.byte() % 2 == 1;
  program.add(call(program.task, SYS_open, text(is_terminal ? "/h/tty" : "/h/fifo"), O_RDWR | O_NONBLOCK, 0),
              Kind::file);
}
void open_measured(Program& program) {
  program.add(call(program.task, SYS_open, text("/measured"), O_RDONLY, 0), Kind::measured);
}
void open_directory(Program& program) {
  const char* const name = program.choices.byte() % 2 == 0 ? "/h" : "/h/d";
  program.add(call(program.task, SYS_open, text(name), O_RDONLY | O_DIRECTORY, 0), Kind::directory);
}
void close_one(Program& program) {
  if (!program.descriptors.empty())
    program.close(program.descriptors[program.choices.below(program.descriptors.size())].number);
}

std::size_t some_size(Program& program) {
  static constexpr std::size_t kSizes[] = {100, 1, 0, 7, 4096, 20'000, 131'072, 131'073, 300'000};
  return kSizes[program.choices.below(std::size(kSizes))];
}

void read_some(Program& program) {
  const Descriptor* const from = program.pick({Kind::file, Kind::read_only, Kind::measured});
  if (from == nullptr) return;
  const Descriptor file = *from;
  const std::size_t size = some_size(program);
  const auto to = allocate_buffer(size, some_gap(program));
  const bool at_offset = program.choices.byte() % 2 == 1;
  const long got = at_offset ? call(program.task, SYS_pread64, file.number, to, size, program.choices.below(40'000))
                             : call(program.task, SYS_read, file.number, to, size);
  require(got <= static_cast<long>(size), "more than it asked for");
  if (file.kind == Kind::measured) require_measured(to, got);
}
void read_vector(Program& program) {
  const Descriptor* const file = program.pick({Kind::file, Kind::read_only, Kind::measured});
  if (file == nullptr) return;
  const Kind kind = file->kind;
  const std::size_t first = some_size(program), second = some_size(program);
  iovec parts[2] = {{at<void>(allocate_output(first)), first}, {at<void>(allocate_output(second)), second}};
  const long got = call(program.task, SYS_readv, file->number, copy_of(parts), 2);
  require(got <= static_cast<long>(first + second), "more than it asked for");
  if (kind == Kind::measured)
    require_measured({reinterpret_cast<std::uint64_t>(parts[0].iov_base)},
                     std::min<long>(got, static_cast<long>(first)));
}
void write_some(Program& program) {
  const Descriptor* const file = program.pick({Kind::file});
  if (file == nullptr) return;
  const std::size_t size = some_size(program);
  const auto from = allocate_buffer(size, some_gap(program));
  const bool at_offset = program.choices.byte() % 2 == 1;
  const long put = at_offset ? call(program.task, SYS_pwrite64, file->number, from, size, program.choices.below(40'000))
                             : call(program.task, SYS_write, file->number, from, size);
  require(put <= static_cast<long>(size), "more written than it had");
}
void map_some(Program& program) {
  const Descriptor* const chosen = program.pick({Kind::file, Kind::read_only, Kind::measured});
  if (chosen == nullptr) return;
  const Kind kind = chosen->kind;
  const auto file = program.task.process.descriptors.get(chosen->number);
  require(file.ok(), "its own descriptor closed");
  const auto mapped = file.value()->map_file();
  if (!mapped.ok()) return;
  std::vector<std::uint8_t> pages(32'768);
  const auto read = mapped.value()->read_pages(0, pages.data(), pages.size());
  if (read.ok() && kind == Kind::measured)
    for (std::size_t i = 0; i < kMeasuredSize; ++i)
      require(pages[i] == kMeasuredByte, "wrong pages of a measured file");
}
void list(Program& program) {
  const Descriptor* const directory = program.pick({Kind::directory});
  if (directory == nullptr) return;
  const std::size_t size = program.choices.byte() % 2 == 0 ? 4096 : 64;
  const auto to = allocate_output(size);
  const long got = call(program.task, SYS_getdents64, directory->number, to, size);
  require(got <= static_cast<long>(size), "more records than it asked for");
  for (long position = 0; position < got;) {
    const std::uint8_t* const record = at<std::uint8_t>(to) + position;
    std::uint16_t length;
    require(got - position >= 24, "half a directory record");
    std::memcpy(&length, record + 16, sizeof length);
    require(length >= 24 && length <= got - position, "a directory record that runs out");
    const auto* const name = reinterpret_cast<const char*>(record + 19);
    const std::size_t name_size = strnlen(name, length - 19u);
    require(name_size > 0 && name_size < length - 19u && std::memchr(name, '/', name_size) == nullptr,
            "a name that is none");
    position += length;
  }
}
void seek(Program& program) {
  const Descriptor* const file = program.pick({Kind::file, Kind::read_only, Kind::measured, Kind::directory});
  if (file != nullptr)
    call(program.task, SYS_lseek, file->number, static_cast<std::int64_t>(program.choices.interesting()),
         program.choices.byte() % 5);
}

void require_status(const struct stat& status) {
  require(status.st_size >= 0 && status.st_mtim.tv_nsec >= 0 && status.st_mtim.tv_nsec < 1'000'000'000,
          "a status that cannot be");
}
void status(Program& program) {
  const auto to = allocate_output(sizeof(struct stat));
  const Descriptor* const file =
      program.pick({Kind::file, Kind::read_only, Kind::measured, Kind::directory, Kind::stream});
  const std::uint8_t how = program.choices.byte() % 3;
  long result;
  if (how == 0 && file != nullptr) {
    const Descriptor kept = *file;
    result = call(program.task, SYS_fstat, kept.number, to);
    if (result == 0 && kept.kind == Kind::directory)
      require(S_ISDIR(at<struct stat>(to)->st_mode), "a directory that is none");
    if (result == 0 && kept.kind == Kind::measured)
      require(at<struct stat>(to)->st_size == kMeasuredSize, "another size of a measured file");
  } else {
    result = call(program.task, how == 1 ? SYS_stat : SYS_lstat, path(program), to);
  }
  if (result == 0) require_status(*at<struct stat>(to));
}
void extended_status(Program& program) {
  call(program.task, SYS_statx, AT_FDCWD, path(program), 0, STATX_BASIC_STATS, allocate_output(sizeof(struct statx)));
}
void filesystem_status(Program& program) {
  const auto to = allocate_output(sizeof(struct statfs));
  const Descriptor* const file = program.pick({Kind::file, Kind::directory});
  if (file != nullptr && program.choices.byte() % 2 == 0)
    call(program.task, SYS_fstatfs, file->number, to);
  else
    call(program.task, SYS_statfs, path(program), to);
}
void read_link(Program& program) {
  const std::size_t size = program.choices.byte() % 2 == 0 ? 200 : 1;
  const auto to = allocate_output(size);
  const long got = call(program.task, SYS_readlink, path(program), to, size);
  require(got <= static_cast<long>(size), "a longer link than it asked for");
  if (got > 0)
    require(std::memchr(at<char>(to), 0, static_cast<std::size_t>(got)) == nullptr, "a link with a zero in it");
}

// Calls whose success says nothing more.
void change_names(Program& program) {
  kernel::Task& task = program.task;
  const auto first = path(program);
  const std::uint8_t which = program.choices.byte() % 14;
  switch (which) {
    case 0: call(task, SYS_mkdir, first, 0700); break;
    case 1: call(task, SYS_rmdir, first); break;
    case 2: call(task, SYS_unlink, first); break;
    case 3: call(task, SYS_rename, first, path(program)); break;
    case 4: call(task, SYS_link, first, path(program)); break;
    case 5: call(task, SYS_symlink, text("f"), first); break;
    case 6: call(task, SYS_chmod, first, 0640); break;
    case 7: call(task, SYS_chown, first, 1, 1); break;
    case 8: call(task, SYS_utimensat, AT_FDCWD, first, 0, 0); break;
    case 9: call(task, SYS_truncate, first, 100); break;
    case 10: call(task, SYS_mknod, first, S_IFIFO | 0600, 0); break;
    case 11: call(task, SYS_access, first, 4); break;
    case 12: call(task, SYS_sync); break;
    default: call(task, SYS_utimes, first, 0); break;
  }
}
void change_file(Program& program) {
  kernel::Task& task = program.task;
  const Descriptor* const file = program.pick({Kind::file});
  if (file == nullptr) return;
  const int number = file->number;
  const auto lock = allocate_output(sizeof(struct flock));
  *at<struct flock>(lock) = {F_RDLCK, SEEK_SET, 0, 10, 0};
  switch (program.choices.byte() % 12) {
    case 0: call(task, SYS_ftruncate, number, 100); break;
    case 1: call(task, SYS_fallocate, number, 0, 0, 10); break;
    case 2: call(task, SYS_fsync, number); break;
    case 3: call(task, SYS_fdatasync, number); break;
    case 4: call(task, SYS_syncfs, number); break;
    case 5: call(task, SYS_sync_file_range, number, 0, 100, 2); break;
    case 6: call(task, SYS_fchmod, number, 0600); break;
    case 7: call(task, SYS_fchown, number, 1, 1); break;
    case 8: call(task, SYS_fcntl, number, F_SETFL, O_APPEND); break;
    case 9: call(task, SYS_fcntl, number, F_OFD_GETLK, lock); break;
    case 10: call(task, SYS_fcntl, number, F_OFD_SETLK, lock); break;
    default: call(task, SYS_flock, number, 2 | 4); break;
  }
}
void copy_between(Program& program) {
  const Descriptor* const from = program.pick({Kind::file, Kind::read_only, Kind::measured});
  const Descriptor* const to = program.pick({Kind::file, Kind::stream});
  if (from == nullptr || to == nullptr) return;
  const std::uint8_t choice = program.choices.byte();
  static constexpr std::size_t kSizes[] = {5000, 1, 16'384, 16'385, 300'000};
  if (choice % 2 != 0 && to->kind == Kind::stream)
    send_file(program, to->number, from->number, 40, kSizes[choice / 2 % std::size(kSizes)]);
  else if (choice % 2 == 0 || to->kind != Kind::file)
    send_file(program, to->number, from->number, std::nullopt, 5000);
  else
    call(program.task, SYS_copy_file_range, from->number, 0, to->number, 0, 5000, 0);
}
void control(Program& program) {
  static constexpr std::uint32_t kRequests[] = {0x541b, 0x5401, 0x5413,
                                                0x540f};  // FIONREAD, TCGETS, TIOCGWINSZ, TIOCGPGRP
  const Descriptor* const file = program.pick({Kind::file});
  if (file != nullptr)
    call(program.task, SYS_ioctl, file->number, kRequests[program.choices.byte() % 4], allocate_output(64));
}

constexpr Step kSteps[] = {open_file,       open_measured,     open_directory, open_other,   close_one,   read_some,
                           read_vector,     write_some,        map_some,       list,         seek,        status,
                           extended_status, filesystem_status, read_link,      change_names, change_file, copy_between,
                           control};
}  // namespace

std::span<const Step> file_steps() { return kSteps; }
}  // namespace cloister::fuzz
