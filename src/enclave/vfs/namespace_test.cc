// SPDX-License-Identifier: Apache-2.0
// The closed root: what a path is, and that the host decides nothing that it must not.
#include "src/enclave/vfs/chunk_cache.h"
#include "src/enclave/vfs/namespace.h"
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/vfs/host_locations.h"
#include "src/enclave/vfs/testing/test_enclave.h"

namespace cloister::testing {
namespace {
using vfs::LastLink;
using vfs::Removal;

// The errno of a result, 0 for success.
template <typename T>
int error_of(const Result<T>& result) {
  return result.ok() ? 0 : result.error().errno_value();
}

struct NamespaceTest : ::testing::Test {
  HostDirectoryForTest host;
  std::unique_ptr<TestEnclave> enclave;
  LaunchManifest manifest;

  void start() {
    std::sort(manifest.files.begin(), manifest.files.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    enclave = std::make_unique<TestEnclave>(manifest);
  }
  vfs::Namespace& files() { return enclave->files(); }
  kernel::Task& task() { return enclave->task(); }
  Result<vfs::FileRef> open(const std::string& path, int flags = O_RDONLY, std::uint32_t mode = 0644) {
    return files().open(task(), "/", path, static_cast<std::uint32_t>(flags), mode);
  }
  int open_error(const std::string& path, int flags = O_RDONLY) { return error_of(open(path, flags)); }
  std::string contents(const std::string& path) {
    auto file = open(path);
    if (!file.ok()) return "error " + std::to_string(file.error().errno_value());
    return contents(*file.value());
  }
  std::string contents(vfs::OpenFile& file) {
    std::string text(100'000, '\0');
    const auto size = file.read_at(task(), kernel::IoVector::trusted(text.data(), text.size()), 0);
    if (!size.ok()) return "error " + std::to_string(size.error().errno_value());
    return text.substr(0, size.value());
  }
  std::vector<std::string> names(const std::string& path) {
    std::vector<std::string> found;
    auto file = open(path, O_RDONLY | O_DIRECTORY);
    if (!file.ok()) return {"error " + std::to_string(file.error().errno_value())};
    for (;;) {
      const auto records = file.value()->read_directory(4096);
      if (!records.ok() || records.value().empty()) break;
      for (std::size_t at = 0; at < records.value().size();) {
        std::uint16_t size;
        std::memcpy(&size, records.value().data() + at + 16, 2);
        found.emplace_back(reinterpret_cast<const char*>(records.value().data() + at + 19));
        at += size;
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  Result<struct stat> status(const std::string& path, LastLink last = LastLink::follow) {
    return files().status(task(), "/", path, last);
  }
};

TEST_F(NamespaceTest, NothingOfTheHostIsThereUnlessNamed) {
  start();
  EXPECT_EQ(open_error("/etc/passwd"), ENOENT);
  EXPECT_EQ(open_error("/bin/sh"), ENOENT);
  EXPECT_EQ(open_error("/proc/../etc/passwd"), ENOENT);
  EXPECT_EQ(open_error("/dev/sda"), ENOENT);
  EXPECT_EQ(open_error("/new", O_RDWR | O_CREAT), EROFS);
  EXPECT_EQ(error_of(files().make_directory(task(), "/", "/etc", 0755)), EROFS);
  EXPECT_EQ(names("/"), (std::vector<std::string>{".", "..", "dev", "proc", "sys", "tmp"}));
}

TEST_F(NamespaceTest, MeasuredFileIsReadAndReadOnly) {
  const std::string path = host.write("data", std::string(50'000, 'x') + "end");
  manifest.files = {measure(path)};
  manifest.links = {{"/link", path}, {"/relative", std::string(".").append(path)}};
  start();
  EXPECT_EQ(contents(path), std::string(50'000, 'x') + "end");
  EXPECT_EQ(contents("/link").size(), 50'003u);
  EXPECT_EQ(contents("/relative").size(), 50'003u);
  EXPECT_EQ(open_error(path, O_WRONLY), EROFS);
  EXPECT_EQ(open_error(path, O_RDONLY | O_TRUNC), EROFS);
  EXPECT_EQ(open_error(path + "/x"), ENOTDIR);
  EXPECT_EQ(open_error(path + "/"), ENOTDIR);
  for (const std::string& file : {path, std::string("/link"), std::string("/proc/cpuinfo"), std::string("/dev/null")}) {
    EXPECT_EQ(open_error(file + "/.."), ENOTDIR) << file;
    EXPECT_EQ(open_error(file + "/../x"), ENOTDIR) << file;
  }
  EXPECT_EQ(open_error("/link", O_RDONLY | O_NOFOLLOW), ELOOP);
  EXPECT_EQ(error_of(files().remove(task(), "/", path, Removal::file)), EROFS);
  EXPECT_EQ(open_error(host.path() + "/other"), ENOENT);
  EXPECT_EQ(status("/link", LastLink::keep).value().st_size, static_cast<off_t>(path.size()));
  EXPECT_EQ(status(path).value().st_size, 50'003);
}

TEST_F(NamespaceTest, ChangedMeasuredFileIsAnErrorAndSaysWhich) {
  const std::string path = host.write("data", std::string(40'000, 'a'));
  manifest.files = {measure(path)};
  start();
  auto file = open(path).take();
  host.write("data", std::string(20'000, 'a') + "b" + std::string(19'999, 'a'));
  char first[100];
  EXPECT_EQ(file->read_at(task(), kernel::IoVector::trusted(first, sizeof first), 0).value(),
            sizeof first);  // that chunk still holds
  EXPECT_EQ(error_of(file->read_at(task(), kernel::IoVector::trusted(first, sizeof first), 20'000)), EIO);
  EXPECT_EQ(printed(), "cloister: measured file changed: " + path + "\n");
  host.write("data", "short");
  EXPECT_EQ(error_of(file->read_at(task(), kernel::IoVector::trusted(first, sizeof first), 33'000)), EIO);
  file = {};
  file = open(path).take();  // what it began with is here
  EXPECT_EQ(file->read_at(task(), kernel::IoVector::trusted(first, sizeof first), 0).value(), sizeof first);
  EXPECT_EQ(error_of(file->read_at(task(), kernel::IoVector::trusted(first, sizeof first), 33'000)), EIO);
}

TEST_F(NamespaceTest, AMeasuredFileThatIsShortIsNotOpened) {
  const std::string path = host.write("data", std::string(40'000, 'a'));
  manifest.files = {measure(path)};
  start();
  host.write("data", "short");
  EXPECT_EQ(open_error(path), EIO);
  EXPECT_EQ(printed(), "cloister: measured file changed: " + path + "\n");
}

TEST_F(NamespaceTest, WhatIsReadAgainIsKept) {
  const std::string text = std::string(16'384, 'a') + std::string(16'384, 'b') + "tail";
  const std::string path = host.write("data", text), other = host.write("other", "other");
  manifest.files = {measure(path), measure(other)};
  start();
  int opened = 0, read = 0;
  set_falsify([&](HostAnswer& answer) {
    opened += answer.number == SYS_openat2;
    read += answer.number == SYS_pread64;
  });
  vfs::set_chunk_cache_limit(2 * kFileChunkSize + 4 + 3 * 256);  // its chunks and nothing else
  EXPECT_EQ(contents(path), text);
  EXPECT_EQ(contents(path), text);
  EXPECT_EQ(opened, 2);
  opened = read = 0;
  EXPECT_EQ(unlink(path.c_str()), 0);
  EXPECT_EQ(contents(path), text);
  EXPECT_EQ(opened + read, 0);
  EXPECT_EQ(contents(other), "other");  // once: nothing makes room for it
  EXPECT_EQ(contents(path), text);
  EXPECT_EQ(contents(other), "other");
  EXPECT_EQ(contents(path), "error 5");  // its beginning, which was not used for longest, is gone, and so is the file
  set_falsify(nullptr);
  vfs::set_chunk_cache_limit(0);
}

TEST_F(NamespaceTest, BytesThatTheHostFalsifiesAreNeverUsed) {
  const std::string path = host.write("data", std::string(16'384, 'a') + "tail");
  manifest.files = {measure(path)};
  start();
  auto file = open(path).take();
  set_falsify([](HostAnswer& answer) {
    if (answer.number == SYS_pread64 && answer.result > 0) *reinterpret_cast<char*>(answer.arguments[1]) ^= 1;
  });
  EXPECT_EQ(contents(*file), "error 5");
  set_falsify(nullptr);
  EXPECT_EQ(contents(*file).size(), 16'388u);
}

TEST_F(NamespaceTest, BytesThatTheHostDoesNotGiveAreAnErrorAndSaySo) {
  const std::string path = host.write("data", "some data");
  manifest.files = {measure(path)};
  start();
  auto file = open(path).take();
  set_falsify([](HostAnswer& answer) {
    if (answer.number == SYS_pread64) answer.result = -ESTALE;
  });
  EXPECT_EQ(contents(*file), "error 5");
  set_falsify(nullptr);
  EXPECT_EQ(printed(), "cloister: measured file cannot be read: " + path + ": Stale file handle\n");
}

TEST_F(NamespaceTest, ChangedProgramStopsTheEnclave) {
  const std::string path = host.write("program", "ELF");
  manifest.files = {measure(path)};
  manifest.program = path;
  start();
  host.write("program", "EVE");
  EXPECT_EXIT(contents(path), ::testing::ExitedWithCode(121), "measured file changed: .*/program");
}

TEST_F(NamespaceTest, NamedHostPathPassesThrough) {
  host.write("inside", "text");
  manifest.insecure_host_paths = {host.path()};
  start();
  EXPECT_EQ(contents(host.path() + "/inside"), "text");
  EXPECT_EQ(open_error(host.path() + "/none"), ENOENT);
  EXPECT_EQ(open_error(host.path() + "/../../../etc/passwd"), ENOENT);  // ".." leads back into the closed tree
  auto file = open(host.path() + "/new", O_RDWR | O_CREAT, 0666).take();
  EXPECT_EQ(file->status().value().st_mode & 0777, 0644u);  // the umask of the process
  EXPECT_EQ(error_of(files().make_directory(task(), host.path(), "folder", 0700)), 0);
  EXPECT_EQ(error_of(files().rename(task(), host.path(), "new", host.path(), "folder/moved", 0)), 0);
  EXPECT_EQ(names(host.path() + "/folder"), (std::vector<std::string>{".", "..", "moved"}));
  EXPECT_EQ(names("/var/tmp").size(), 3u);
}

TEST_F(NamespaceTest, AHostPathMayLieElsewhereOnTheHost) {
  host.write("inside", "text");
  ASSERT_EQ(mkdir((host.path() + "/deep").c_str(), 0700), 0);
  host.write("deep/other", "deep text");
  manifest.insecure_host_paths = {"/data"};
  vfs::set_host_locations({{"/data", host.path()}, {"/data/more", host.path() + "/deep"}});
  start();
  EXPECT_EQ(contents("/data/inside"), "text");
  EXPECT_EQ(contents("/data/more/other"), "deep text");
  EXPECT_EQ(open_error("/database"), ENOENT);
  EXPECT_EQ(open_error(host.path() + "/inside"), ENOENT);
  EXPECT_EQ(error_of(files().make_link(task(), "/data/target", "/", "/data/link")), 0);
  char target[32] = {};
  EXPECT_EQ(readlink((host.path() + "/link").c_str(), target, sizeof target - 1), 12);
  EXPECT_STREQ(target, "/data/target");
  vfs::set_host_locations({});
}

TEST_F(NamespaceTest, MeasuredWinsOverTheHostOnEveryWay) {
  const std::string path = host.write("config", "good");
  host.write("other", "host");
  manifest.files = {measure(path)};
  manifest.insecure_host_paths = {"/"};
  start();
  host.write("config", "evil");
  mkdir((host.path() + "/folder").c_str(), 0755);
  for (const std::string& way :
       {path, host.path() + "/folder/../config", host.path() + "/./config", std::string("/..").append(path)})
    EXPECT_EQ(contents(way), "error 5") << way;
  EXPECT_EQ(contents(host.path() + "/other"), "host");
  EXPECT_EQ(contents(host.path() + "/folder/../other"), "host");
  const std::vector<std::string> expected = {".", "..", "config", "folder", "other"};
  EXPECT_EQ(names(host.path()), expected);
  EXPECT_EQ(error_of(files().remove(task(), host.path(), "config", Removal::file)), EROFS);
  EXPECT_EQ(error_of(files().rename(task(), host.path(), "other", host.path(), "config", 0)), EROFS);
  EXPECT_EQ(error_of(files().rename(task(), "/", host.path(), "/", "/var/tmp/cloister-moved", 0)), EBUSY);
  EXPECT_EQ(error_of(files().make_link(task(), "x", host.path(), "config")), EEXIST);
}

TEST_F(NamespaceTest, DotDotAfterALinkOfTheHostIsPhysical) {
  mkdir((host.path() + "/a").c_str(), 0755);
  mkdir((host.path() + "/a/b").c_str(), 0755);
  host.write("a/file", "in a");
  ASSERT_EQ(symlink("a/b", (host.path() + "/link").c_str()), 0);
  host.write("file", "at top");
  manifest.insecure_host_paths = {host.path()};
  start();
  EXPECT_EQ(contents(host.path() + "/link/../file"), "in a");
  EXPECT_EQ(contents(host.path() + "/a/../file"), "at top");
  EXPECT_EQ(open_error(host.path() + "/none/../file"), ENOENT);
  EXPECT_EQ(open_error(host.path() + "/file/../file"), ENOTDIR);
}

TEST_F(NamespaceTest, AWholeHostPathIsOneCall) {
  mkdir((host.path() + "/a").c_str(), 0755);
  mkdir((host.path() + "/a/b").c_str(), 0755);
  host.write("a/b/file", "deep");
  manifest.insecure_host_paths = {"/"};
  start();
  EXPECT_EQ(contents(host.path() + "/a/b/file"), "deep");  // the host's /proc and /sys are looked up once
  const unsigned before = host_call_count();
  auto file = open(host.path() + "/a/b/file").take();
  EXPECT_EQ(host_call_count() - before, 3u);  // openat2 and fstat, and the close of the file before
}

TEST_F(NamespaceTest, SynthesisedFileSystemsHideTheHosts) {
  manifest.insecure_host_paths = {"/"};
  start();
  EXPECT_EQ(contents("/proc/sys/kernel/hostname"), "cloister\n");
  EXPECT_EQ(open_error("/proc/1/status"), ENOENT);
  EXPECT_EQ(open_error("/sys/class"), ENOENT);
  EXPECT_EQ(open_error("/dev/kmsg"), ENOENT);
  EXPECT_EQ(error_of(files().remove(task(), "/", "/proc", Removal::directory)), EBUSY);
  EXPECT_TRUE(S_ISDIR(status("/proc/self").value().st_mode));
}

TEST_F(NamespaceTest, ADeeperNamedPathReplacesWhatIsOurs) {
  host.write("shared", "from the host");
  manifest.insecure_host_paths = {"/", "/dev/shm"};
  start();
  ASSERT_TRUE(open("/dev/shm", O_RDONLY | O_DIRECTORY).ok());
  EXPECT_GE(open("/dev/shm", O_RDONLY | O_DIRECTORY).take()->host_descriptor, 0);
}

TEST_F(NamespaceTest, LoopsAndLongNames) {
  manifest.links = {{"/a", "b"}, {"/b", "a"}};
  start();
  EXPECT_EQ(open_error("/a"), ELOOP);
  EXPECT_EQ(open_error(""), ENOENT);
  EXPECT_EQ(open_error(std::string("/").append(300, 'n')), ENAMETOOLONG);
}

TEST_F(NamespaceTest, LyingListingsStopTheEnclave) {
  host.write("file", "");
  manifest.insecure_host_paths = {host.path()};
  start();
  const auto falsified = [&](std::size_t offset, std::uint8_t value) {
    set_falsify([=](HostAnswer& answer) {
      if (answer.number == SYS_getdents64 && answer.result > 0)
        reinterpret_cast<std::uint8_t*>(answer.arguments[1])[offset] = value;
    });
    names(host.path());
  };
  EXPECT_EXIT(falsified(16, 255), ::testing::ExitedWithCode(120), "host lied in getdents64: malformed");
  EXPECT_EXIT(falsified(17, 1), ::testing::ExitedWithCode(120), "malformed");
  EXPECT_EXIT(falsified(16, 0), ::testing::ExitedWithCode(120), "malformed");
  EXPECT_EXIT(falsified(18, 77), ::testing::ExitedWithCode(120), "malformed");
  EXPECT_EXIT(falsified(19, '/'), ::testing::ExitedWithCode(120), "malformed");
  EXPECT_EXIT(falsified(19, 0), ::testing::ExitedWithCode(120), "malformed");
}

TEST_F(NamespaceTest, AnOpenFileThatChangesItsTypeStopsTheEnclave) {
  const std::string path = host.write("file", "text");
  manifest.insecure_host_paths = {host.path()};
  start();
  const auto file = open(path).take();
  set_falsify([](HostAnswer& answer) {
    if (answer.number == SYS_fstat) reinterpret_cast<struct stat*>(answer.arguments[1])->st_mode = S_IFDIR | 0755;
  });
  EXPECT_EXIT((void)file->status().ok(), ::testing::ExitedWithCode(120), "changed its type");
}

// A page fault within a copy out of the bounce buffer reads a file through the same buffer.
TEST_F(NamespaceTest, ReadingForAFaultLeavesTheBounceBufferAsItWas) {
  const std::string measured = host.write("measured", std::string(40'000, 'm')),
                    plain = host.write("plain", std::string(40'000, 'p'));
  manifest.files = {measure(measured)};
  manifest.insecure_host_paths = {host.path()};
  start();
  const std::string pattern(kBounceSize, 'b');
  for (const std::string& path : {measured, plain}) {
    const auto mapped = open(path).take()->map_file().take();
    core::copy_to_host(core::bounce_buffer(), pattern.data(), pattern.size());
    std::vector<char> pages(16'384);
    EXPECT_EQ(mapped->size(), 40'000u);
    EXPECT_TRUE(mapped->read_pages(16'384, pages.data(), pages.size()).ok());
    std::string after(kBounceSize, '\0');
    core::copy_from_host(after.data(), core::bounce_buffer(), after.size());
    EXPECT_EQ(after, pattern) << path;
  }
}

TEST_F(NamespaceTest, ImpossibleAnswersStopTheEnclave) {
  const std::string path = host.write("file", "text");
  manifest.insecure_host_paths = {host.path()};
  start();
  const auto answering = [&](long number, long result) {
    set_falsify([=](HostAnswer& answer) {
      if (answer.number == static_cast<std::uint64_t>(number)) answer.result = result;
    });
    (void)contents(path).size();
  };
  EXPECT_EXIT(answering(SYS_openat2, 1 << 20), ::testing::ExitedWithCode(120), "host lied in openat2");
  EXPECT_EXIT(answering(SYS_openat2, -EBADF), ::testing::ExitedWithCode(120), "host lied in openat2");
  EXPECT_EXIT(answering(SYS_fstat, 7), ::testing::ExitedWithCode(120), "host lied in fstat");
  EXPECT_EXIT(answering(SYS_pread64, 1 << 20), ::testing::ExitedWithCode(120), "host lied in pread64");
}
}  // namespace

TEST_F(NamespaceTest, InjectedFilesLieBesideAndOverMeasuredOnes) {
  const std::string data = host.write("data", "measured"), code = host.write("code", "program"),
                    planned = host.write("planned", "library");
  manifest.files = {measure(data), measure(code), measure(planned)};
  manifest.files[2].plan = {1};
  manifest.program = code;
  manifest.links = {{"/conf", "etc/app"}, {"/old", "nowhere"}};
  manifest.directories = {"/etc/app"};
  start();
  const auto inject = [&](const std::string& path, const std::string& text, std::uint32_t mode = 0440) {
    return error_of(files().inject(task(), path, {S_IFREG | mode, 33, 34, {}},
                                   {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  };
  EXPECT_EQ(inject("/etc/app/key", std::string(10'000, 'k')), 0);
  EXPECT_EQ(inject("/conf/linked", "by a link on the way"), 0);
  EXPECT_EQ(inject("/old", "where a link was"), 0);
  EXPECT_EQ(inject("/new/deep/file", "new"), 0);
  EXPECT_EQ(inject("/tmp/sub/file", "memory", 0600), 0);
  EXPECT_EQ(inject(data, "another"), 0);
  EXPECT_EQ(inject(code, "x"), EACCES);
  EXPECT_EQ(inject(planned, "x"), EACCES);
  EXPECT_EQ(inject("/etc/app", "x"), EISDIR);
  EXPECT_EQ(inject(data + "/x", "x"), ENOTDIR);
  for (const char* path : {"/proc/x", "/proc/self/x", "/sys/x", "/dev/x"}) EXPECT_EQ(inject(path, "x"), EPERM) << path;
  EXPECT_EQ(contents("/etc/app/key"), std::string(10'000, 'k'));
  EXPECT_EQ(contents("/etc/app/linked"), "by a link on the way");
  EXPECT_EQ(contents("/old"), "where a link was");
  EXPECT_EQ(contents("/new/deep/file"), "new");
  EXPECT_EQ(contents("/tmp/sub/file"), "memory");
  EXPECT_EQ(contents(data), "another");
  EXPECT_EQ(contents(code), "program");
  const struct stat key = status("/etc/app/key").value();
  EXPECT_EQ(key.st_mode, S_IFREG | 0440u);
  EXPECT_EQ(key.st_uid, 33u);
  EXPECT_EQ(key.st_gid, 34u);
  EXPECT_EQ(key.st_nlink, 1u);
  EXPECT_EQ(names("/etc/app"), (std::vector<std::string>{".", "..", "key", "linked"}));
  EXPECT_EQ(error_of(files().remove(task(), "/", "/etc/app/key", Removal::file)), EROFS);
  EXPECT_EQ(error_of(files().remove(task(), "/", "/tmp/sub/file", Removal::file)), 0);
}

TEST_F(NamespaceTest, TheStartDirectoryIsMadeWhenItIsMissing) {
  manifest.directories = {"/srv"};
  manifest.links = {{"/home", "srv"}};
  manifest.files = {measure(host.write("data", "x"))};
  start();
  EXPECT_EQ(files().make_start_directory(task(), "/home").value(), "/srv");
  EXPECT_EQ(files().make_start_directory(task(), "/var/lib/app").value(), "/var/lib/app");
  EXPECT_EQ(error_of(files().make_start_directory(task(), manifest.files[0].path)), ENOTDIR);
}
}  // namespace cloister::testing
