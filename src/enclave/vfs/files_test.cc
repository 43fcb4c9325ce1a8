// SPDX-License-Identifier: Apache-2.0
// Descriptors, the life of open files, the handlers that programs reach, locks, and the texts of /proc.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstring>
#include <thread>
#include "src/enclave/syscalls/file_handlers.h"
#include "src/enclave/vfs/file_reclaim.h"
#include "src/enclave/vfs/lock_table.h"
#include "src/enclave/vfs/testing/test_enclave.h"

namespace cloister::testing {
namespace {
using kernel::CloseOnExec;
using kernel::IoVector;
using vfs::FileRef;
using namespace syscalls;  // NOLINT: every name here is a handler

std::int64_t value(const SysResult& result) { return result.ok() ? result.value() : -result.error().errno_value(); }

// Notes when it is closed.
struct CountingFile final : vfs::OpenFile {
  explicit CountingFile(int& count) : closed(count) { readable = writable = true; }
  void last_close() override { ++closed; }
  int& closed;
};

struct FilesTest : ::testing::Test {
  HostDirectoryForTest host;
  LaunchManifest manifest = [this] {
    LaunchManifest m;
    m.insecure_host_paths = {host.path()};
    return m;
  }();
  TestEnclave enclave{manifest};
  kernel::Task& task = enclave.task();
  kernel::DescriptorTable& table = enclave.process().descriptors;

  std::int64_t open(const std::string& path, int flags, std::uint32_t mode = 0644) {
    return value(sys_open(task, enclave.text(path), static_cast<std::uint32_t>(flags), mode));
  }
  std::string slurp(const std::string& path) {
    const auto descriptor = static_cast<int>(open(path, O_RDONLY));
    if (descriptor < 0) return "error " + std::to_string(-descriptor);
    const auto buffer = enclave.allocate(1 << 16);
    std::string text;
    for (std::int64_t got; (got = value(sys_read(task, descriptor, buffer, 1000))) > 0;)
      text.append(static_cast<const char*>(TestEnclave::pointer(buffer)), static_cast<std::size_t>(got));
    EXPECT_EQ(value(sys_close(task, descriptor)), 0);
    return text;
  }
};

TEST_F(FilesTest, LowestDescriptorAndLimits) {
  EXPECT_EQ(open("/dev/null", O_RDONLY), 0);
  EXPECT_EQ(open("/dev/null", O_RDONLY | O_CLOEXEC), 1);
  EXPECT_EQ(open("/dev/null", O_RDONLY), 2);
  EXPECT_EQ(value(sys_close(task, 1)), 0);
  EXPECT_EQ(value(sys_close(task, 1)), -EBADF);
  EXPECT_EQ(open("/dev/null", O_RDONLY), 1);
  EXPECT_EQ(value(sys_fcntl(task, 1, F_GETFD, 0)), 0);
  EXPECT_EQ(value(sys_fcntl(task, 2, F_DUPFD_CLOEXEC, 100)), 100);
  EXPECT_EQ(value(sys_fcntl(task, 100, F_GETFD, 0)), FD_CLOEXEC);
  EXPECT_EQ(value(sys_fcntl(task, 2, F_DUPFD, 1024)), -EINVAL);
  EXPECT_EQ(value(sys_dup2(task, 2, 1023)), 1023);
  EXPECT_EQ(value(sys_dup2(task, 2, 1024)), -EBADF);
  EXPECT_EQ(value(sys_dup3(task, 2, 2, 0)), -EINVAL);
  table.set_limit(3);
  EXPECT_EQ(open("/dev/null", O_RDONLY), -EMFILE);
  table.set_limit(60'000);
  EXPECT_EQ(value(sys_dup2(task, 2, 59'999)), 59'999);
  EXPECT_EQ(value(sys_close_range(task, 3, ~0u, 0)), 0);
  EXPECT_EQ(table.open_descriptors(), (std::vector<int>{0, 1, 2}));
}

TEST_F(FilesTest, FilesCloseAtOnceOrWhenTheirLastUserGoes) {
  int closed = 0;
  auto* file = new CountingFile(closed);
  const int descriptor = table.install(FileRef(file), CloseOnExec::no).take();
  const int copy = table.install(table.get(descriptor).take(), CloseOnExec::no).take();
  EXPECT_TRUE(table.close(descriptor).ok());
  EXPECT_EQ(closed, 0);
  ASSERT_EQ(core::acquire_file(&task, static_cast<std::uint64_t>(copy)), file);  // a fast call is under way
  EXPECT_TRUE(table.close(copy).ok());
  EXPECT_EQ(closed, 0);
  vfs::reclaim_files();
  EXPECT_EQ(closed, 0);
  core::release_file(&task);
  vfs::reclaim_files();
  EXPECT_EQ(closed, 1);
  table.install(FileRef(new CountingFile(closed)), CloseOnExec::no).take();
  EXPECT_TRUE(table.close(descriptor).ok());
  EXPECT_EQ(closed, 2);
}

TEST_F(FilesTest, DescriptorsUnderConcurrentUse) {
  int closed = 0;
  std::atomic<bool> stop{false};
  kernel::Task other(enclave.process(), 4712);
  std::thread reader([&] {
    enter_thread(other);
    while (!stop)
      for (std::uint64_t descriptor = 0; descriptor < 4; ++descriptor)
        if (core::File* file = core::acquire_file(&other, descriptor)) {
          EXPECT_TRUE(file->readable);
          core::release_file(&other);
        }
  });
  constexpr int kRounds = 20'000;
  for (int i = 0; i < kRounds; ++i) {
    const int descriptor = table.install(FileRef(new CountingFile(closed)), CloseOnExec::no).take();
    EXPECT_TRUE(table.close(descriptor).ok());
  }
  stop = true;
  reader.join();
  vfs::reclaim_files();
  EXPECT_EQ(closed, kRounds);
}

TEST_F(FilesTest, HostFilesThroughTheHandlers) {
  const auto descriptor = static_cast<int>(open(host.path() + "/f", O_RDWR | O_CREAT | O_EXCL, 0600));
  ASSERT_GE(descriptor, 0);
  const auto buffer = enclave.allocate(1 << 20);
  auto* const bytes = static_cast<char*>(TestEnclave::pointer(buffer));
  for (int i = 0; i < 300'000; ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  EXPECT_EQ(value(sys_write(task, descriptor, buffer, 300'000)), 300'000);
  const auto back = enclave.allocate(1 << 20);
  EXPECT_EQ(value(sys_pread64(task, descriptor, back, 300'000, 0)), 300'000);
  EXPECT_EQ(std::memcmp(bytes, TestEnclave::pointer(back), 300'000), 0);
  EXPECT_EQ(value(sys_lseek(task, descriptor, -4, SEEK_END)), 299'996);
  EXPECT_EQ(value(sys_lseek(task, descriptor, -1, SEEK_SET)), -EINVAL);
  EXPECT_EQ(value(sys_pread64(task, descriptor, back, 1, -1)), -EINVAL);
  EXPECT_EQ(value(sys_read(task, descriptor, {0x1000}, 4)), -EFAULT);
  EXPECT_EQ(value(sys_read(task, descriptor, {0x20'8000'0000}, 4)), -EFAULT);
  EXPECT_EQ(value(sys_ftruncate(task, descriptor, 5)), 0);
  struct Segment {
    std::uint64_t base, size;
  };
  const Segment segments[3] = {{buffer.value, 3}, {0, 0}, {buffer.value + 8, 5}};
  const auto vector = enclave.allocate(sizeof segments);
  std::memcpy(TestEnclave::pointer(vector), segments, sizeof segments);
  EXPECT_EQ(value(sys_pwritev(task, descriptor, vector, 3, 2)), 8);
  EXPECT_EQ(value(sys_preadv(task, descriptor, vector, 3, 2)), 8);
  EXPECT_EQ(value(sys_readv(task, descriptor, vector, 5000)), -EINVAL);
  const auto status = enclave.allocate(sizeof(struct stat));
  EXPECT_EQ(value(sys_fstat(task, descriptor, status)), 0);
  EXPECT_EQ(static_cast<struct stat*>(TestEnclave::pointer(status))->st_size, 10);
  EXPECT_EQ(value(sys_fcntl(task, descriptor, F_GETFL, 0)) & O_ACCMODE, O_RDWR);
  EXPECT_EQ(value(sys_fcntl(task, descriptor, 9999, 0)), -EINVAL);
}

TEST_F(FilesTest, SendfileBetweenInsideAndHost) {
  const auto source = static_cast<int>(open("/tmp/source", O_RDWR | O_CREAT));
  const auto target = static_cast<int>(open(host.path() + "/target", O_RDWR | O_CREAT));
  const auto buffer = enclave.allocate(200'000);
  std::memset(TestEnclave::pointer(buffer), 'q', 200'000);
  EXPECT_EQ(value(sys_write(task, source, buffer, 200'000)), 200'000);
  const auto offset = enclave.allocate(8);
  *static_cast<std::int64_t*>(TestEnclave::pointer(offset)) = 50'000;
  EXPECT_EQ(value(sys_sendfile(task, target, source, offset, 1 << 20)), 150'000);
  EXPECT_EQ(*static_cast<std::int64_t*>(TestEnclave::pointer(offset)), 200'000);
  EXPECT_EQ(slurp(host.path() + "/target"), std::string(150'000, 'q'));
}

TEST_F(FilesTest, WorkingDirectoryAndRelativePaths) {
  const auto buffer = enclave.allocate(4096);
  EXPECT_EQ(value(sys_mkdir(task, enclave.text("/tmp/d"), 0755)), 0);
  EXPECT_EQ(value(sys_chdir(task, enclave.text("/tmp/d/../d"))), 0);
  EXPECT_EQ(value(sys_getcwd(task, buffer, 4096)), 7);
  EXPECT_STREQ(static_cast<char*>(TestEnclave::pointer(buffer)), "/tmp/d");
  EXPECT_EQ(value(sys_getcwd(task, buffer, 6)), -ERANGE);
  EXPECT_GE(open("file", O_RDWR | O_CREAT), 0);
  EXPECT_EQ(slurp("/tmp/d/file"), "");
  EXPECT_EQ(value(sys_chdir(task, enclave.text("file"))), -ENOTDIR);
  EXPECT_EQ(value(sys_chdir(task, enclave.text(host.path()))), 0);
  host.write("h", "host");
  EXPECT_EQ(slurp("h"), "host");
  const auto directory = static_cast<int>(open("/tmp", O_RDONLY | O_DIRECTORY));
  EXPECT_GE(value(sys_openat(task, directory, enclave.text("d/file"), O_RDONLY, 0)), 0);
  EXPECT_EQ(value(sys_openat(task, 99, enclave.text("x"), O_RDONLY, 0)), -EBADF);
  const auto file = static_cast<int>(open("h", O_RDONLY));
  EXPECT_EQ(value(sys_openat(task, file, enclave.text("x"), O_RDONLY, 0)), -ENOTDIR);
  EXPECT_EQ(value(sys_fchdir(task, directory)), 0);
}

TEST_F(FilesTest, ProcSaysWhatWeAre) {
  enclave.process().arguments = {"prog", "arg"};
  enclave.process().executable_path = "/usr/bin/prog";
  std::strcpy(task.name.data(), "prog");
  EXPECT_EQ(slurp("/proc/self/cmdline"), std::string("prog\0arg\0", 9));
  EXPECT_EQ(slurp("/proc/4711/comm"), "prog\n");
  EXPECT_EQ(slurp("/proc/self/task/4711/comm"), "prog\n");
  EXPECT_EQ(slurp("/proc/1/comm"), "error 2");
  EXPECT_NE(slurp("/proc/self/maps").find("[stack]"), std::string::npos);
  const std::string stat = slurp("/proc/self/stat");
  EXPECT_EQ(stat.rfind("4711 (prog) R ", 0), 0u);
  EXPECT_EQ(std::count(stat.begin(), stat.end(), ' '), 51);
  EXPECT_NE(slurp("/proc/self/status").find("\nThreads:\t1\n"), std::string::npos);
  EXPECT_NE(slurp("/proc/self/limits").find("Max open files            1024"), std::string::npos);
  EXPECT_NE(slurp("/proc/mounts").find("proc /proc proc rw"), std::string::npos);
  EXPECT_EQ(slurp("/sys/devices/system/cpu/online"), "0-1\n");
  EXPECT_EQ(slurp("/proc/cpuinfo").rfind("processor\t: 0\n", 0), 0u);
  EXPECT_EQ(open("/proc/self/maps/x", O_RDONLY), -ENOTDIR);
  EXPECT_EQ(open("/proc/version", O_WRONLY), -EACCES);
  const auto buffer = enclave.allocate(100);
  EXPECT_EQ(value(sys_readlink(task, enclave.text("/proc/self/exe"), buffer, 100)), 13);
}

TEST_F(FilesTest, MagicLinksLeadToTheOpenFile) {
  const auto file = static_cast<int>(open("/tmp/f", O_RDWR | O_CREAT));
  const auto text = enclave.text("via proc");
  EXPECT_EQ(value(sys_write(task, file, text, 8)), 8);
  EXPECT_EQ(value(sys_unlink(task, enclave.text("/tmp/f"))), 0);
  EXPECT_EQ(slurp("/proc/self/fd/" + std::to_string(file)), "via proc");
  EXPECT_EQ(slurp("/dev/fd/" + std::to_string(file)), "via proc");
  const auto directory = static_cast<int>(open("/tmp", O_RDONLY | O_DIRECTORY));
  EXPECT_GE(open("/proc/self/fd/" + std::to_string(directory) + "/g", O_RDWR | O_CREAT), 0);
  EXPECT_EQ(slurp("/tmp/g"), "");
  const auto on_host = static_cast<int>(open(host.path() + "/h", O_RDWR | O_CREAT));
  EXPECT_EQ(value(sys_write(task, on_host, text, 3)), 3);
  EXPECT_EQ(slurp("/proc/self/fd/" + std::to_string(on_host)), "via");
}

TEST_F(FilesTest, PathOnlyDescriptors) {
  const auto path = static_cast<int>(open("/tmp", O_PATH));
  const auto buffer = enclave.allocate(200);
  EXPECT_EQ(value(sys_read(task, path, buffer, 1)), -EBADF);
  EXPECT_EQ(value(sys_fchmod(task, path, 0700)), -EBADF);
  EXPECT_EQ(value(sys_fstat(task, path, buffer)), 0);
  EXPECT_EQ(value(sys_fchdir(task, path)), 0);
  EXPECT_EQ(value(sys_fcntl(task, path, F_GETFL, 0)) & O_PATH, O_PATH);
}

struct flock lock_of(short type, off_t start, off_t length) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_start = start;
  lock.l_len = length;
  return lock;
}

TEST_F(FilesTest, RecordLocks) {
  const auto a = static_cast<int>(open(host.path() + "/f", O_RDWR | O_CREAT)),
             b = static_cast<int>(open(host.path() + "/f", O_RDWR));
  const auto address = enclave.allocate(sizeof(struct flock));
  auto* const lock = static_cast<struct flock*>(TestEnclave::pointer(address));
  const auto set = [&](int descriptor, int command, struct flock wanted) {
    *lock = wanted;
    return value(sys_fcntl(task, descriptor, command, address.value));
  };
  EXPECT_EQ(set(a, F_SETLK, lock_of(F_WRLCK, 0, 100)), 0);
  EXPECT_EQ(set(b, F_SETLK, lock_of(F_WRLCK, 0, 100)), 0);
  EXPECT_EQ(set(b, F_SETLK, lock_of(77, 0, 0)), -EINVAL);
  EXPECT_EQ(set(b, F_SETLK, lock_of(F_WRLCK, -5, 1)), -EINVAL);
  EXPECT_EQ(set(b, F_OFD_SETLK, lock_of(F_WRLCK, 50, 1)), -EAGAIN);
  EXPECT_EQ(set(b, F_OFD_GETLK, lock_of(F_WRLCK, 50, 1)), 0);
  EXPECT_EQ(lock->l_type, F_WRLCK);
  EXPECT_EQ(lock->l_pid, 4711);
  EXPECT_EQ(value(sys_close(task, b)), 0);  // any close drops the process's locks
  const auto c = static_cast<int>(open(host.path() + "/f", O_RDWR));
  EXPECT_EQ(set(c, F_OFD_SETLK, lock_of(F_WRLCK, 50, 1)), 0);
  EXPECT_EQ(set(a, F_OFD_SETLK, lock_of(F_RDLCK, 50, 1)), -EAGAIN);
  EXPECT_EQ(value(sys_close(task, c)), 0);
  EXPECT_EQ(set(a, F_OFD_SETLK, lock_of(F_RDLCK, 50, 1)), 0);
}

TEST_F(FilesTest, TheHostSeesOurLocks) {
  const auto a = static_cast<int>(open(host.path() + "/f", O_RDWR | O_CREAT));
  const auto address = enclave.allocate(sizeof(struct flock));
  *static_cast<struct flock*>(TestEnclave::pointer(address)) = lock_of(F_WRLCK, 0, 10);
  EXPECT_EQ(value(sys_fcntl(task, a, F_OFD_SETLK, address.value)), 0);
  const int outside = ::open((host.path() + "/f").c_str(), O_RDWR);
  struct flock wanted = lock_of(F_WRLCK, 5, 1);
  EXPECT_EQ(::fcntl(outside, F_OFD_SETLK, &wanted), -1);
  EXPECT_EQ(value(sys_flock(task, a, 2)), 0);
  EXPECT_EQ(value(sys_flock(task, a, 0)), -EINVAL);
  ::close(outside);
}

TEST(LockTable, SplitsMergesAndConflicts) {
  vfs::LockTable table;
  int one = 0, two = 0;
  const auto lock = [](const void* owner, vfs::LockType type, std::uint64_t start, std::uint64_t end) {
    return vfs::RecordLock{owner, vfs::LockOwner::process, type, {start, end}, 1};
  };
  using enum vfs::LockType;
  table.set(lock(&one, write, 0, 99));
  table.set(lock(&one, none, 20, 39));
  EXPECT_FALSE(table.conflict(lock(&two, write, 20, 39)).has_value());
  EXPECT_TRUE(table.conflict(lock(&two, read, 19, 19)).has_value());
  EXPECT_TRUE(table.conflict(lock(&two, read, 40, 40)).has_value());
  table.set(lock(&one, write, 20, 39));
  EXPECT_EQ(table.of_owner(&one).size(), 1u);
  table.set(lock(&one, read, 50, ~0ULL));
  EXPECT_EQ(table.of_owner(&one).size(), 2u);
  EXPECT_FALSE(table.conflict(lock(&two, read, 1000, 2000)).has_value());
  table.remove_owner(&one);
  EXPECT_TRUE(table.is_empty());
}
}  // namespace
}  // namespace cloister::testing
