// SPDX-License-Identifier: Apache-2.0
// What the sets of errors let pass and what they do not, for each call that outsiders have asked about.
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>
#include "src/boundary/host_call_table.h"

namespace cloister {
namespace {
constexpr std::size_t kRowCount = kHostCallCount + sizeof kHostCallUses / sizeof kHostCallUses[0];
const HostCallRow& row(std::size_t index) { return row_of(static_cast<HostCall>(index)); }

TEST(HostErrors, OurOwnMistakesAreInNoSet) {
  for (std::size_t i = 0; i < kRowCount; ++i)
    for (const std::uint64_t error : {0, EBADF, EFAULT, ENOTSOCK, ENOSYS, 134, 512, 516, 4095})
      EXPECT_FALSE(row(i).errors.contains(error)) << row(i).name << " " << error;
}

TEST(HostErrors, NumbersBeyondASetAreNotInIt) {
  for (const std::uint64_t error : {std::uint64_t{192}, std::uint64_t{1} << 32 | EIO, ~std::uint64_t{0}})
    EXPECT_FALSE(host_errors::file_system.contains(error)) << error;
}

// A use is judged by its own set, and spoken of by the name of its call.
TEST(HostErrors, UsesAreCalls) {
  std::set<std::string> names;
  for (const HostCallRow& call : kHostCalls) names.insert(call.name);
  for (const HostCallRow& use : kHostCallUses) EXPECT_TRUE(names.contains(use.name)) << use.name;
  EXPECT_STREQ(row_of(HostCall::read_of_file).name, "read");
  EXPECT_EQ(row_of(HostCall::read_of_file).number, row_of(HostCall::read).number);
  EXPECT_EQ(row_of(HostCall::setsockopt_algorithm).number, row_of(HostCall::setsockopt).number);
}

struct Errors {
  HostCall call;
  std::vector<int> numbers;
};

TEST(HostErrors, ErrorsOfOtherCallsAreLies) {
  const std::vector<int> of_paths = {ENOENT, EEXIST, ELOOP, EMFILE, ENOSPC, EADDRINUSE, ENOTTY, EISDIR};
  const Errors impossible[] = {
      {HostCall::getsockname, {ENOENT, ECONNRESET, EADDRINUSE, ELOOP, EMFILE, ENOSPC, EAGAIN, EINTR, EIO}},
      {HostCall::getpeername, {ENOENT, ECONNRESET, EADDRINUSE, ELOOP, EMFILE, ENOSPC, EAGAIN, EINTR, EIO}},
      {HostCall::setsockopt, {ENOENT, ECONNRESET, EADDRINUSE, ELOOP, EMFILE, ENOSPC, EAGAIN}},
      {HostCall::listen, {ENOENT, ECONNRESET, ELOOP, EMFILE, ENOSPC, EAGAIN, EINTR}},
      {HostCall::shutdown, {ENOENT, ECONNRESET, EADDRINUSE, ELOOP, EMFILE, ENOSPC, EAGAIN, EINTR}},
      {HostCall::lseek, {EAGAIN, ENOSPC, ENOTTY, EISDIR, ENOENT, EEXIST}},
      {HostCall::fstat, {EAGAIN, ENOTTY, EISDIR, ENOENT, ENOSPC, ESPIPE}},
      {HostCall::fstatfs, {EAGAIN, ENOTTY, EISDIR, ENOENT}},
      {HostCall::pread64, {EAGAIN, ENOTTY, ENOENT, ESPIPE, ENOSPC, EISDIR}},
      {HostCall::read_of_file, {EAGAIN, ENOTTY, ENOENT, ECONNREFUSED, EADDRINUSE, ENOSPC}},
      {HostCall::write_of_file, {EAGAIN, ENOTTY, ENOENT, ECONNREFUSED, EADDRINUSE, EPIPE}},
      {HostCall::read, {EADDRINUSE, ENOENT, ENOTTY, EEXIST, ELOOP, EMFILE}},
      {HostCall::write, {EADDRINUSE, ENOENT, ENOTTY, EEXIST, ELOOP, EMFILE}},
      {HostCall::poll, {ENOSPC, EEXIST, ELOOP, EMFILE, EAGAIN, EPERM}},
      {HostCall::ppoll, {ENOSPC, EEXIST, ELOOP, EMFILE, EAGAIN, EPERM}},
      {HostCall::epoll_wait, {ENOSPC, EEXIST, ELOOP, EMFILE, EAGAIN, ENOMEM, EINVAL}},
      {HostCall::epoll_pwait2, {ENOSPC, EEXIST, ELOOP, EMFILE, EAGAIN, ENOMEM, EINVAL}},
      {HostCall::epoll_ctl, {EEXIST, ENOENT, EMFILE, EINTR, EAGAIN}},
      {HostCall::recvfrom, of_paths},
      {HostCall::recvmsg, of_paths},
      {HostCall::sendto, of_paths},
      {HostCall::newfstatat, {EEXIST, ENOSPC, EMFILE, EAGAIN, ENOTTY, EISDIR}},
      {HostCall::readlinkat, {EEXIST, ENOSPC, EMFILE, EAGAIN, ENOTTY, EISDIR}},
      {HostCall::faccessat2, {EEXIST, ENOSPC, EMFILE, EAGAIN, ENOTTY, EISDIR}},
      {HostCall::openat2, {E2BIG, ENOTTY, ESPIPE, EADDRINUSE, ENOTEMPTY, EINPROGRESS}},
      {HostCall::mkdirat, {EAGAIN, EISDIR, ENOTEMPTY, ETXTBSY, EMFILE, EXDEV}},
      {HostCall::socket, {ECONNRESET, EADDRINUSE, ENOENT, EAGAIN, EINTR, ENOSPC}},
      {HostCall::bind, {ECONNRESET, EEXIST, EMFILE, EISCONN, EINPROGRESS}},
      {HostCall::accept4, {EADDRINUSE, ENOENT, EISCONN, EINPROGRESS, ENOSPC}},
      {HostCall::fcntl, {ENOTTY, ENOENT, EEXIST, EMFILE, ENOSPC}},
      {HostCall::fcntl_get_flags, {EIO, EAGAIN, EINTR, EINVAL, ENOMEM, ENOTTY, ENOENT}},
      {HostCall::fcntl_set_flags, {EAGAIN, EINTR, ENOLCK, ENOTTY, ENOENT}},
      {HostCall::fcntl_duplicate, {EIO, EAGAIN, EINTR, ENOTTY, ENOENT}},
      {HostCall::flock, {ENOTTY, ENOENT, EEXIST, EMFILE, ENOSPC}},
      {HostCall::fsync, {ENOTTY, ENOENT, EEXIST, EMFILE, EAGAIN}},
      {HostCall::close, {EAGAIN, ENOENT, EINVAL, ENOTTY, EMFILE}},
      {HostCall::read_of_bell, {EIO, EINVAL, ENOMEM, EPIPE}},
      {HostCall::futex, {EINVAL, ENOMEM, EIO}},
  };
  for (const auto& [call, numbers] : impossible)
    for (const int error : numbers)
      EXPECT_FALSE(row_of(call).errors.contains(error)) << row_of(call).name << " " << error;
}

// Rare, and honest.
TEST(HostErrors, WhatSomeLinuxAnswersIsNoLie) {
  const Errors honest[] = {
      {HostCall::fstat, {EACCES, EINTR, EIO, ENOMEM, ENOTCONN, EOVERFLOW, ESTALE, ETIMEDOUT}},
      {HostCall::pread64, {EINTR, EIO, EREMOTEIO, ESTALE, ENODATA, EILSEQ, EUCLEAN, EKEYREVOKED, ESRCH}},
      {HostCall::write_of_file, {ENOSPC, EDQUOT, EFBIG, EIO, EROFS, EPERM, ETXTBSY}},
      {HostCall::read, {EAGAIN, EINTR, EIO, ECONNRESET, ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT, ENODEV}},
      {HostCall::write, {EAGAIN, EINTR, EIO, EPIPE, ENOSPC, ECONNRESET, EDESTADDRREQ, ENOBUFS, EPERM}},
      {HostCall::close, {EINTR, EIO, ENOSPC, EDQUOT, EACCES, ENOTCONN, ESTALE}},
      {HostCall::fsync, {EIO, ENOSPC, EDQUOT, EINVAL, EROFS}},
      {HostCall::openat2, {EAGAIN, ENXIO, ENODEV, EBUSY, ETXTBSY, ELOOP, EMFILE, EOVERFLOW, ENOMEDIUM}},
      {HostCall::unlinkat, {EBUSY, EISDIR, ENOTEMPTY, EPERM, EROFS, EIO}},
      {HostCall::renameat2, {EXDEV, EEXIST, EISDIR, ENOTEMPTY, EINVAL, EBUSY, EMLINK}},
      {HostCall::connect, {EINPROGRESS, EALREADY, EISCONN, EADDRNOTAVAIL, ENOENT, ELOOP, EAGAIN, ENETUNREACH}},
      {HostCall::bind, {EADDRINUSE, EADDRNOTAVAIL, EACCES, ENOENT, EROFS, EINTR}},
      {HostCall::accept4, {EMFILE, ENFILE, ECONNABORTED, EPROTO, ENETDOWN, EHOSTUNREACH}},
      {HostCall::recvfrom, {ECONNREFUSED, ECONNRESET, ETIMEDOUT, EMSGSIZE, ENOTCONN, EHOSTUNREACH}},
      {HostCall::sendto, {EPERM, EMSGSIZE, ENOBUFS, ENETUNREACH, EDESTADDRREQ, EISCONN}},
      {HostCall::sendmsg, {ENOENT, ECONNREFUSED, ELOOP}},
      {HostCall::listen, {EADDRINUSE}},
      {HostCall::setsockopt_group, {EADDRINUSE, ENODEV, EADDRNOTAVAIL}},
      {HostCall::setsockopt_algorithm, {ENOENT, EPERM}},
      {HostCall::fcntl, {EAGAIN, EACCES, EDEADLK, ENOLCK, EINTR, EIO}},
      {HostCall::fcntl_get_flags, {EACCES, EPERM}},
      {HostCall::fcntl_duplicate, {EMFILE}},
      {HostCall::epoll_ctl, {ENOSPC, ENOMEM, EPERM}},
      {HostCall::poll, {EINVAL, ENOMEM, EINTR}},
  };
  for (const auto& [call, numbers] : honest)
    for (const int error : numbers)
      EXPECT_TRUE(row_of(call).errors.contains(error)) << row_of(call).name << " " << error;
}
}  // namespace
}  // namespace cloister
