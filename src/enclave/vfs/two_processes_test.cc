// SPDX-License-Identifier: Apache-2.0
// Two processes in one image: what a process owns hangs below it, and nothing leaks through a global.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <cstring>
#include "src/enclave/kernel/credentials.h"
#include "src/enclave/syscalls/file_handlers.h"
#include "src/enclave/vfs/testing/test_enclave.h"

namespace cloister::testing {
namespace {
using namespace syscalls;  // NOLINT: every name here is a handler

std::int64_t value(const SysResult& result) { return result.ok() ? result.value() : -result.error().errno_value(); }

struct TwoProcesses : ::testing::Test {
  HostDirectoryForTest host;
  LaunchManifest manifest = [this] {
    LaunchManifest m;
    m.insecure_host_paths = {host.path()};
    return m;
  }();
  TestEnclave enclave{manifest};
  kernel::Task& first = enclave.task();
  // Of another user, with mounts, memory and descriptors of its own; its task takes turns on the same thread.
  kernel::Process other{4712, enclave.process().manifest};
  kernel::Task second{other, 4712};

  TwoProcesses() {
    other.memory = std::make_shared<kernel::AddressSpace>();
    other.files = std::make_shared<vfs::Namespace>(other.manifest);
    other.credentials = kernel::initial_credentials(1000, 1000);
  }
  ~TwoProcesses() override {
    be(second);
    other.descriptors.close_all();
    other.files.reset();
    be(first);
  }

  static void be(kernel::Task& task) { task.attach(core::current_thread()); }
  std::int64_t open(kernel::Task& task, const std::string& path, int flags, std::uint32_t mode = 0666) {
    be(task);
    return value(sys_open(task, enclave.text(path), static_cast<std::uint32_t>(flags), mode));
  }
  std::string read(kernel::Task& task, const std::string& path) {
    const auto descriptor = static_cast<int>(open(task, path, O_RDONLY));
    if (descriptor < 0) return "error " + std::to_string(-descriptor);
    const auto buffer = enclave.allocate(4096);
    const std::int64_t size = value(sys_read(task, descriptor, buffer, 4096));
    EXPECT_EQ(value(sys_close(task, descriptor)), 0);
    return std::string(static_cast<const char*>(TestEnclave::pointer(buffer)), static_cast<std::size_t>(size));
  }
};

TEST_F(TwoProcesses, DescriptorsAndLimits) {
  EXPECT_EQ(open(first, "/dev/null", O_RDONLY), 0);
  EXPECT_EQ(open(first, "/dev/null", O_RDONLY), 1);
  EXPECT_EQ(open(second, "/dev/zero", O_RDONLY), 0);
  EXPECT_EQ(value(sys_close(second, 1)), -EBADF);
  EXPECT_EQ(value(sys_close(first, 1)), 0);
  first.process.descriptors.set_limit(1);
  EXPECT_EQ(open(first, "/dev/null", O_RDONLY), -EMFILE);
  EXPECT_EQ(open(second, "/dev/null", O_RDONLY), 1);
}

TEST_F(TwoProcesses, WorkingDirectoryAndMask) {
  EXPECT_EQ(mkdir((host.path() + "/a").c_str(), 0755), 0);
  EXPECT_EQ(mkdir((host.path() + "/b").c_str(), 0755), 0);
  be(first);
  EXPECT_EQ(value(sys_chdir(first, enclave.text(host.path() + "/a"))), 0);
  EXPECT_EQ(value(sys_umask(first, 077)), 022);
  be(second);
  EXPECT_EQ(value(sys_chdir(second, enclave.text(host.path() + "/b"))), 0);
  EXPECT_EQ(value(sys_umask(second, 0)), 022);
  const mode_t of_host = ::umask(0);  // as the host part does
  EXPECT_EQ(open(first, "made", O_CREAT | O_WRONLY), 0);
  EXPECT_EQ(open(second, "made", O_CREAT | O_WRONLY), 0);
  ::umask(of_host);
  struct stat a, b;
  ASSERT_EQ(stat((host.path() + "/a/made").c_str(), &a), 0);
  ASSERT_EQ(stat((host.path() + "/b/made").c_str(), &b), 0);
  EXPECT_EQ(a.st_mode & 0777, 0600u);
  EXPECT_EQ(b.st_mode & 0777, 0666u);
}

TEST_F(TwoProcesses, UsersAndMemoryFiles) {
  EXPECT_EQ(open(first, "/tmp/private", O_CREAT | O_WRONLY, 0600), 0);
  EXPECT_EQ(open(second, "/tmp/private", O_RDONLY), -ENOENT);  // mounts are each process's own
  other.files = first.process.files;
  EXPECT_EQ(open(second, "/tmp/private", O_RDONLY), -EACCES);
  EXPECT_EQ(open(second, "/tmp/shared", O_CREAT | O_RDWR, 0644), 0);
  EXPECT_EQ(open(first, "/tmp/shared", O_RDONLY), 1);
  EXPECT_EQ(open(second, "/tmp/shared", O_WRONLY | O_TRUNC), 1);
}

TEST_F(TwoProcesses, WhatProcShows) {
  EXPECT_NE(read(first, "/proc/self/status").find("Pid:\t4711\n"), std::string::npos);
  const std::string status = read(second, "/proc/self/status");
  EXPECT_NE(status.find("Pid:\t4712\n"), std::string::npos);
  EXPECT_NE(status.find("Uid:\t1000\t1000\t1000\t1000\n"), std::string::npos);
  EXPECT_NE(status.find("Threads:\t1\n"), std::string::npos);
}

TEST_F(TwoProcesses, LocksStandBetweenThem) {
  host.write("locked", "text");
  const auto one = static_cast<int>(open(first, host.path() + "/locked", O_RDWR));
  const auto two = static_cast<int>(open(second, host.path() + "/locked", O_RDWR));
  const auto lock = enclave.allocate(sizeof(struct flock));
  struct flock wanted = {};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  std::memcpy(TestEnclave::pointer(lock), &wanted, sizeof wanted);
  be(first);
  EXPECT_EQ(value(sys_fcntl(first, one, F_SETLK, lock.value)), 0);
  be(second);
  EXPECT_EQ(value(sys_fcntl(second, two, F_SETLK, lock.value)), -EAGAIN);
  be(first);
  EXPECT_EQ(value(sys_close(first, one)), 0);
  be(second);
  EXPECT_EQ(value(sys_fcntl(second, two, F_SETLK, lock.value)), 0);
}
}  // namespace
}  // namespace cloister::testing
