// SPDX-License-Identifier: Apache-2.0
// For every host call of a scenario and several lies: the Nth answer is falsified, and the outcome must be a right
// result, an error for the program, or a stop with status 120 or 121. Never a crash, and never bytes of a measured file
// that are not its own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstring>
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/syscalls/file_handlers.h"
#include "src/enclave/vfs/testing/test_enclave.h"

namespace cloister::testing {
namespace {
using namespace syscalls;  // NOLINT: every name here is a handler
constexpr int kWrongBytes = 99;

std::int64_t value(const SysResult& result) { return result.ok() ? result.value() : -result.error().errno_value(); }

struct Scenario {
  HostDirectoryForTest host;
  std::string measured = host.write("measured", std::string(20'000, 'm'));
  LaunchManifest manifest = [this] {
    LaunchManifest m;
    m.files = {measure(measured)};
    m.insecure_host_paths = {host.path()};
    return m;
  }();

  void check_measured(TestEnclave& enclave) {
    kernel::Task& task = enclave.task();
    const auto buffer = enclave.allocate(30'000);
    const auto descriptor = static_cast<int>(value(sys_open(task, enclave.text(measured), O_RDONLY, 0)));
    if (descriptor < 0) return;
    const std::int64_t got = value(sys_read(task, descriptor, buffer, 30'000));
    const auto* const bytes = static_cast<const char*>(TestEnclave::pointer(buffer));
    for (std::int64_t i = 0; i < got; ++i)
      if (bytes[i] != 'm' || got > 20'000) _exit(kWrongBytes);
    auto file = enclave.process().descriptors.get(descriptor).take();
    auto mapped = file->map_file();
    char page[16384];
    if (mapped.ok() && mapped.value()->read_pages(0, page, sizeof page).ok())
      for (const char byte : page)
        if (byte != 'm') _exit(kWrongBytes);
    (void)value(sys_close(task, descriptor));
  }

  void use_host_files(TestEnclave& enclave) {
    kernel::Task& task = enclave.task();
    const auto path = [&](const char* name) { return enclave.text(host.path() + "/" + name); };
    const auto buffer = enclave.allocate(200'000);
    const auto file = static_cast<int>(value(sys_open(task, path("f"), O_RDWR | O_CREAT, 0600)));
    (void)value(sys_write(task, file, buffer, 150'000));
    (void)value(sys_lseek(task, file, 0, SEEK_SET));
    (void)value(sys_read(task, file, buffer, 150'000));
    (void)value(sys_pread64(task, file, buffer, 10, 5));
    (void)value(sys_fstat(task, file, buffer));
    (void)value(sys_ftruncate(task, file, 100));
    (void)value(sys_fallocate(task, file, 0, 0, 10));
    (void)value(sys_fsync(task, file));
    (void)value(sys_fcntl(task, file, F_SETFL, O_APPEND));
    const auto lock = enclave.allocate(sizeof(struct flock));
    struct flock wanted = {};
    wanted.l_type = F_WRLCK;
    std::memcpy(TestEnclave::pointer(lock), &wanted, sizeof wanted);
    (void)value(sys_fcntl(task, file, F_SETLK, lock.value));
    (void)value(sys_fcntl(task, file, F_OFD_GETLK, lock.value));
    (void)value(sys_flock(task, file, 2));
    (void)value(sys_fstatfs(task, file, buffer));
    (void)value(sys_stat(task, path("f"), buffer));
    (void)value(sys_access(task, path("f"), 4));
    (void)value(sys_symlink(task, enclave.text("f"), path("link")));
    (void)value(sys_readlink(task, path("link"), buffer, 100));
    (void)value(sys_stat(task, path("link/../f"), buffer));
    (void)value(sys_mkdir(task, path("d"), 0700));
    (void)value(sys_rename(task, path("f"), path("d/g")));
    (void)value(sys_link(task, path("d/g"), path("h")));
    (void)value(sys_chmod(task, path("h"), 0640));
    (void)value(sys_utimes(task, path("h"), {0}));
    const auto directory =
        static_cast<int>(value(sys_open(task, enclave.text(host.path()), O_RDONLY | O_DIRECTORY, 0)));
    for (int i = 0; i < 3; ++i) (void)value(sys_getdents64(task, directory, buffer, 4096));
    (void)value(sys_unlink(task, path("h")));
    (void)value(sys_unlink(task, path("link")));
    (void)value(sys_unlink(task, path("d/g")));
    (void)value(sys_rmdir(task, path("d")));
    (void)value(sys_chdir(task, enclave.text(host.path())));
  }

  void run() {
    TestEnclave enclave(manifest);
    begin = host_call_count();
    set_falsify(lie);
    check_measured(enclave);
    use_host_files(enclave);
    check_measured(enclave);
    enclave.process().descriptors.close_all();
    calls = host_call_count() - begin;
  }

  unsigned begin = 0, calls = 0;
  Falsify lie;
};

// Overwrites what the call filled, if that argument names a place in the bounce buffer.
void overwrite(std::uint64_t address, int byte) {
  const std::uint64_t bounce = core::bounce_buffer().word();
  if (address >= bounce && address <= bounce + kBounceSize - 160)
    std::memset(reinterpret_cast<void*>(address), byte, 160);
}

// What becomes of an answer.
using Lie = void (*)(HostAnswer&);
constexpr Lie kLies[] = {
    [](HostAnswer& a) { a.result = -EBADF; },
    [](HostAnswer& a) { a.result = -EFAULT; },
    [](HostAnswer& a) { a.result = -EIO; },
    [](HostAnswer& a) { a.result = -EINTR; },
    [](HostAnswer& a) { a.result = -9999; },
    [](HostAnswer& a) { a.result = 0; },
    [](HostAnswer& a) { a.result += 1; },
    [](HostAnswer& a) { a.result = 1 << 30; },
    [](HostAnswer& a) { a.result = INT64_MAX; },
    [](HostAnswer& a) { overwrite(a.arguments[1], 0xff); },
    [](HostAnswer& a) { overwrite(a.arguments[2], 0x80); },
    [](HostAnswer& a) { overwrite(a.arguments[1], 0), overwrite(a.arguments[2], 0); },
};

int status_of(Scenario& scenario) {
  const pid_t child = fork();
  if (child == 0) {
    const int quiet = ::open("/dev/null", O_WRONLY);
    dup2(quiet, 2);
    alarm(20);
    scenario.run();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(LyingHost, EveryAnswerOfAScenario) {
  Scenario scenario;
  unsigned count = 0;
  {
    int pipes[2];
    ASSERT_EQ(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) {
      scenario.run();
      const unsigned calls = scenario.calls;
      _exit(::write(pipes[1], &calls, sizeof calls) == sizeof calls ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    ASSERT_EQ(status, 0);
    ASSERT_EQ(::read(pipes[0], &count, sizeof count), static_cast<ssize_t>(sizeof count));
    close(pipes[0]);
    close(pipes[1]);
  }
  ASSERT_GT(count, 40u);
  unsigned stops = 0;
  for (std::size_t lie = 0; lie < std::size(kLies); ++lie)
    for (unsigned n = 0; n < count; ++n) {
      scenario.lie = [&, n, lie, seen = 0u](HostAnswer& answer) mutable {
        if (seen++ == n) kLies[lie](answer);
      };
      const int status = status_of(scenario);
      const bool stopped = WIFEXITED(status) && (WEXITSTATUS(status) == 120 || WEXITSTATUS(status) == 121);
      EXPECT_TRUE(stopped || status == 0) << "lie " << lie << " in call " << n << ": status " << std::hex << status;
      stops += stopped ? 1 : 0;
      // What an interrupted run left behind.
      for (const char* name : {"f", "link", "h", "d/g"}) ::unlink((scenario.host.path() + "/" + name).c_str());
      ::rmdir((scenario.host.path() + "/d").c_str());
    }
  EXPECT_GT(stops, count * 4);  // errors and descriptors that cannot be are always seen
}

// Each of these is an honest answer to some call, and not to this one.
TEST(LyingHost, ErrorsOfOtherCallsStop) {
  struct WrongError {
    std::uint64_t number;
    int error;
  };
  constexpr WrongError kWrong[] = {
      {SYS_fstat, EAGAIN},     {SYS_fstat, ENOTTY},      {SYS_fstat, ENOENT},      {SYS_pread64, EAGAIN},
      {SYS_pread64, ENOTTY},   {SYS_pread64, ENOENT},    {SYS_read, EAGAIN},       {SYS_read, ECONNREFUSED},
      {SYS_write, EPIPE},      {SYS_write, EADDRINUSE},  {SYS_lseek, ENOSPC},      {SYS_lseek, EISDIR},
      {SYS_fsync, ENOTTY},     {SYS_fsync, ENOENT},      {SYS_fcntl, ENOTTY},      {SYS_fcntl, ENOENT},
      {SYS_flock, ENOTTY},     {SYS_newfstatat, EEXIST}, {SYS_readlinkat, EEXIST}, {SYS_fstatfs, ENOENT},
      {SYS_ftruncate, EAGAIN}, {SYS_openat2, ENOTTY},    {SYS_getdents64, EAGAIN}, {SYS_close, EINVAL},
  };
  Scenario scenario;
  for (const WrongError& wrong : kWrong) {
    scenario.lie = [&wrong, told = false](HostAnswer& answer) mutable {
      if (told || answer.number != wrong.number) return;
      told = true;
      answer.result = -wrong.error;
    };
    const int status = status_of(scenario);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 120)
        << wrong.error << " of call " << wrong.number << ": status " << std::hex << status;
    for (const char* name : {"f", "link", "h", "d/g"}) ::unlink((scenario.host.path() + "/" + name).c_str());
    ::rmdir((scenario.host.path() + "/d").c_str());
  }
}

// Whatever the host opens it says to lie in its /proc: the enclave looks once whether a link of the host led there.
TEST(LyingHost, EverythingLiesInItsProc) {
  const HostDirectoryForTest host;
  const std::string path = host.write("f", "text");
  LaunchManifest manifest;
  manifest.insecure_host_paths = {host.path()};
  TestEnclave enclave(manifest);
  struct stat proc;
  ASSERT_EQ(::stat("/proc", &proc), 0);
  set_falsify([&](HostAnswer& answer) {
    if (answer.number == SYS_fstat && answer.result == 0)
      reinterpret_cast<struct stat*>(answer.arguments[1])->st_dev = proc.st_dev;
  });
  EXPECT_GE(value(sys_open(enclave.task(), enclave.text(path), O_RDWR, 0)), 0);
}
}  // namespace
}  // namespace cloister::testing
