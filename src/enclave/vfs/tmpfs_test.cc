// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/tmpfs.h"
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/epoll.h>
#include <cstring>
#include <thread>
#include "src/enclave/vfs/testing/test_enclave.h"
#include "src/enclave/vfs/tmpfs_file.h"

namespace cloister::testing {
namespace {
using kernel::IoVector;
using vfs::FileRef;
using vfs::LastLink;
using vfs::Removal;

template <typename T>
int error_of(const Result<T>& result) {
  return result.ok() ? 0 : result.error().errno_value();
}

struct TmpfsTest : ::testing::Test {
  TestEnclave enclave{LaunchManifest{}};
  vfs::Namespace& files = enclave.files();
  kernel::Task& task = enclave.task();

  FileRef open(const std::string& path, int flags, std::uint32_t mode = 0666) {
    return files.open(task, "/tmp", path, static_cast<std::uint32_t>(flags), mode).take();
  }
  int open_error(const std::string& path, int flags) {
    return error_of(files.open(task, "/tmp", path, static_cast<std::uint32_t>(flags), 0666));
  }
  void write(vfs::OpenFile& file, std::string text) {
    EXPECT_EQ(file.write(task, IoVector::trusted(text.data(), text.size())).value(), text.size());
  }
  std::string read(vfs::OpenFile& file, std::uint64_t offset = 0, std::size_t size = 100) {
    std::string text(size, '\0');
    return text.substr(0, file.read_at(task, IoVector::trusted(text.data(), size), offset).value());
  }
  struct stat status(const std::string& path) {
    return files.status(task, "/tmp", path, LastLink::keep).value();
  }
  int status_error(const std::string& path) { return error_of(files.status(task, "/tmp", path, LastLink::keep)); }
};

TEST_F(TmpfsTest, CreateWriteReadSeek) {
  const FileRef file = open("f", O_RDWR | O_CREAT | O_EXCL, 0640);
  EXPECT_EQ(open_error("f", O_RDWR | O_CREAT | O_EXCL), EEXIST);
  write(*file, "0123456789");
  EXPECT_EQ(read(*file, 3, 4), "3456");
  EXPECT_EQ(file->seek(-4, SEEK_END).value(), 6);
  EXPECT_EQ(error_of(file->seek(-1, SEEK_SET)), EINVAL);
  EXPECT_EQ(status("f").st_size, 10);
  EXPECT_EQ(status("f").st_mode, S_IFREG | 0640u);
  EXPECT_EQ(open_error("f/x", O_RDONLY), ENOTDIR);
  EXPECT_EQ(open_error("f/", O_RDONLY), ENOTDIR);
  EXPECT_EQ(open_error("new/", O_RDWR | O_CREAT), EISDIR);
}

TEST_F(TmpfsTest, HolesTruncateAndAppend) {
  const FileRef file = open("f", O_RDWR | O_CREAT);
  EXPECT_EQ(file->seek(100'000, SEEK_SET).value(), 100'000);
  write(*file, "z");
  EXPECT_EQ(read(*file, 50'000, 3), std::string(3, '\0'));
  EXPECT_EQ(status("f").st_blocks, 8);
  EXPECT_EQ(error_of(file->truncate(2)), 0);
  EXPECT_EQ(error_of(file->truncate(5)), 0);
  EXPECT_EQ(read(*file), std::string(5, '\0'));
  const FileRef log = open("f", O_WRONLY | O_APPEND);
  EXPECT_EQ(log->seek(0, SEEK_SET).value(), 0);
  write(*log, "tail");
  EXPECT_EQ(read(*file, 5), "tail");
  EXPECT_EQ(error_of(file->allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5, 2)), 0);
  EXPECT_EQ(read(*file, 5), std::string("\0\0il", 4));
}

TEST_F(TmpfsTest, UnlinkedFilesLiveOn) {
  const FileRef file = open("f", O_RDWR | O_CREAT);
  EXPECT_EQ(error_of(files.remove(task, "/tmp", "f", Removal::file)), 0);
  EXPECT_EQ(status_error("f"), ENOENT);
  write(*file, "still");
  EXPECT_EQ(read(*file), "still");
  EXPECT_EQ(file->status().value().st_nlink, 0u);
}

TEST_F(TmpfsTest, DirectoriesAndLinkCounts) {
  const nlink_t before = status(".").st_nlink;
  EXPECT_EQ(error_of(files.make_directory(task, "/tmp", "d", 0755)), 0);
  EXPECT_EQ(error_of(files.make_directory(task, "/tmp", "d/", 0755)), EEXIST);
  EXPECT_EQ(error_of(files.make_directory(task, "/tmp", "d/sub/", 0755)), 0);
  EXPECT_EQ(status("d").st_nlink, 3u);
  EXPECT_EQ(status(".").st_nlink, before + 1);
  EXPECT_EQ(error_of(files.remove(task, "/tmp", "d", Removal::directory)), ENOTEMPTY);
  EXPECT_EQ(error_of(files.remove(task, "/tmp", "d", Removal::file)), EISDIR);
  EXPECT_EQ(error_of(files.remove(task, "/tmp", "d/.", Removal::directory)), EINVAL);
  EXPECT_EQ(error_of(files.remove(task, "/tmp", "d/sub", Removal::directory)), 0);
  EXPECT_EQ(error_of(files.remove(task, "/tmp", "d", Removal::directory)), 0);
  EXPECT_EQ(status(".").st_nlink, before);
}

TEST_F(TmpfsTest, HardAndSymbolicLinks) {
  const FileRef file = open("f", O_RDWR | O_CREAT);
  EXPECT_EQ(error_of(files.link(task, "/tmp", "f", "/tmp", "hard", LastLink::keep)), 0);
  EXPECT_EQ(status("f").st_nlink, 2u);
  EXPECT_EQ(status("hard").st_ino, status("f").st_ino);
  EXPECT_EQ(error_of(files.make_link(task, "f", "/tmp", "soft")), 0);
  EXPECT_EQ(files.read_link(task, "/tmp", "soft").value(), "f");
  EXPECT_EQ(error_of(files.read_link(task, "/tmp", "f")), EINVAL);
  EXPECT_EQ(error_of(files.make_link(task, "x", "/tmp", "f")), EEXIST);
  EXPECT_EQ(open_error("soft", O_RDONLY | O_NOFOLLOW), ELOOP);
  EXPECT_EQ(error_of(files.link(task, "/tmp", "f", "/dev/shm", "f", LastLink::keep)), EXDEV);
  EXPECT_EQ(error_of(files.link(task, "/proc/self", "stat", "/tmp", "s", LastLink::keep)), EXDEV);
}

TEST_F(TmpfsTest, Rename) {
  open("a", O_RDWR | O_CREAT);
  open("b", O_RDWR | O_CREAT);
  ASSERT_TRUE(files.make_directory(task, "/tmp", "d", 0755).ok());
  ASSERT_TRUE(files.make_directory(task, "/tmp", "d/e", 0755).ok());
  const auto rename = [&](const char* from, const char* to, std::uint32_t flags = 0) {
    return error_of(files.rename(task, "/tmp", from, "/tmp", to, flags));
  };
  EXPECT_EQ(rename("a", "d"), EISDIR);
  EXPECT_EQ(rename("d", "a"), ENOTDIR);
  EXPECT_EQ(rename("d", "d/e/f"), EINVAL);
  EXPECT_EQ(rename("a", "b", RENAME_NOREPLACE), EEXIST);
  EXPECT_EQ(rename("none", "x"), ENOENT);
  const ino_t a = status("a").st_ino, b = status("b").st_ino;
  EXPECT_EQ(rename("a", "b", RENAME_EXCHANGE), 0);
  EXPECT_EQ(status("a").st_ino, b);
  EXPECT_EQ(rename("b", "a"), 0);
  EXPECT_EQ(status("a").st_ino, a);
  EXPECT_EQ(status_error("b"), ENOENT);
  EXPECT_EQ(rename("a", "/dev/shm/a"), EXDEV);
  EXPECT_EQ(rename("d/e", "e"), 0);
  EXPECT_EQ(rename("/tmp", "/tmp/d/x"), EXDEV);
  EXPECT_EQ(status("d").st_nlink, 2u);
}

TEST_F(TmpfsTest, PermissionsFollowTheEmulatedUser) {
  open("secret", O_RDWR | O_CREAT, 0600);
  kernel::Credentials& who = enclave.process().credentials;
  who.uid = who.euid = who.fsuid = 1000;
  who.effective = who.permitted = 0;
  EXPECT_EQ(open_error("secret", O_RDONLY), EACCES);
  EXPECT_EQ(error_of(files.change_mode(task, "/tmp", "secret", 0666)), EPERM);
  EXPECT_EQ(error_of(files.remove(task, "/tmp", "secret", Removal::file)), EPERM);  // /tmp is sticky
  EXPECT_EQ(error_of(files.check_access(task, "/tmp", "secret", 4, vfs::Namespace::Ids::real, LastLink::follow)),
            EACCES);
  EXPECT_EQ(open_error("own", O_RDWR | O_CREAT), 0);
  EXPECT_EQ(status("own").st_uid, 1000u);
  EXPECT_EQ(error_of(files.change_owner(task, "/tmp", "own", 0, ~0u, LastLink::follow)), EPERM);
}

TEST_F(TmpfsTest, SealsHold) {
  auto state = std::make_shared<vfs::TmpfsState>(16, ~0ULL);
  auto node = std::make_shared<vfs::TmpfsFile>(vfs::kMemfdFilesystem, state, vfs::NewNode{S_IFREG | 0777, 0, 0, ""});
  EXPECT_EQ(error_of(node->add_seals(F_SEAL_WRITE)), EPERM);
  node->make_sealable();
  EXPECT_EQ(error_of(node->set_size(8192)), 0);
  EXPECT_EQ(error_of(node->add_seals(F_SEAL_SHRINK | F_SEAL_GROW)), 0);
  EXPECT_EQ(error_of(node->set_size(4096)), EPERM);
  EXPECT_EQ(error_of(node->set_size(10'000)), EPERM);
  std::size_t written;
  EXPECT_EQ(error_of(node->write(8190, reinterpret_cast<const std::uint8_t*>("abcd"), 4, &written)), EPERM);
  EXPECT_EQ(error_of(node->write(0, reinterpret_cast<const std::uint8_t*>("abcd"), 4, &written)), 0);
  EXPECT_EQ(error_of(node->add_seals(F_SEAL_WRITE | F_SEAL_SEAL)), 0);
  EXPECT_EQ(error_of(node->write(0, reinterpret_cast<const std::uint8_t*>("abcd"), 4, &written)), EPERM);
}

TEST_F(TmpfsTest, AFullFileSystemSaysSo) {
  auto state = std::make_shared<vfs::TmpfsState>(2, ~0ULL);
  const auto node = std::make_shared<vfs::TmpfsFile>(vfs::kTmpfs, state, vfs::NewNode{S_IFREG | 0644, 0, 0, ""});
  FileRef file = node->open(task, O_RDWR).take();
  std::string data(20'000, 'd');
  EXPECT_EQ(file->write(task, IoVector::trusted(data.data(), data.size())).value(), 8192u);
  EXPECT_EQ(error_of(file->write(task, IoVector::trusted(data.data(), data.size()))), ENOSPC);
}

struct FifoTest : TmpfsTest {
  FifoTest() { EXPECT_EQ(error_of(files.make_node(task, "/tmp", "p", S_IFIFO | 0640)), 0); }
  std::string take(vfs::OpenFile& file) {
    std::string text(100, '\0');
    return text.substr(0, file.read(task, IoVector::trusted(text.data(), text.size())).value());
  }
  // Opened by another thread, which may wait for its partner.
  template <typename Then>
  std::thread open_elsewhere(int flags, Then then) {
    return std::thread([this, flags, then] {
      kernel::Task other(enclave.process(), 4712);
      enter_thread(other);
      then(other, files.open(other, "/tmp", "p", static_cast<std::uint32_t>(flags), 0).take());
    });
  }
};

TEST_F(FifoTest, OpensWithoutWaiting) {
  EXPECT_EQ(status("p").st_mode, S_IFIFO | 0640u);
  EXPECT_EQ(open_error("p", O_WRONLY | O_NONBLOCK), ENXIO);
  EXPECT_EQ(open_error("p", O_ACCMODE | O_NONBLOCK), EINVAL);
  const FileRef in = open("p", O_RDONLY | O_NONBLOCK);
  EXPECT_EQ(in->readiness(), 0u);
  FileRef out = open("p", O_WRONLY | O_NONBLOCK);
  EXPECT_EQ(error_of(in->read(task, IoVector::trusted(nullptr, 0))), 0);
  write(*out, "abc");
  EXPECT_EQ(in->readiness(), std::uint32_t{EPOLLIN | EPOLLRDNORM});
  out = FileRef();
  EXPECT_EQ(in->readiness(), std::uint32_t{EPOLLIN | EPOLLRDNORM | EPOLLHUP});
  EXPECT_EQ(take(*in), "abc");
  EXPECT_EQ(take(*in), "");
  const FileRef late = open("p", O_RDONLY | O_NONBLOCK);  // a writer was there, but not in its time
  EXPECT_EQ(late->readiness(), 0u);
  EXPECT_EQ(in->readiness(), std::uint32_t{EPOLLHUP});
}

TEST_F(FifoTest, WhatNobodyReadGoesWithTheLastFile) {
  FileRef both = open("p", O_RDWR);
  EXPECT_EQ(both->set_pipe_capacity(4096).value(), 4096);
  write(*both, "lost");
  both = FileRef();
  both = open("p", O_RDWR);
  EXPECT_EQ(both->readiness(), std::uint32_t{EPOLLOUT | EPOLLWRNORM});
  EXPECT_EQ(both->pipe_capacity().value(), 65536);
  write(*both, "kept");
  FileRef in = open("p", O_RDONLY);
  both = FileRef();
  EXPECT_EQ(take(*in), "kept");
}

TEST_F(FifoTest, OpensWaitForEachOther) {
  for (int round = 0; round < 50; ++round) {
    std::thread writer = open_elsewhere(O_WRONLY, [](kernel::Task& other, const FileRef& out) {
      char text[] = "through";
      EXPECT_EQ(out->write(other, IoVector::trusted(text, 7)).value(), 7u);
    });
    const FileRef in = open("p", O_RDONLY);
    std::string all;
    for (std::string part; !(part = take(*in)).empty();) all += part;
    writer.join();
    EXPECT_EQ(all, "through");
    EXPECT_EQ(in->readiness(), std::uint32_t{EPOLLHUP});
  }
}

TEST_F(FifoTest, PermissionsBind) {
  kernel::Credentials& who = enclave.process().credentials;
  who.uid = who.euid = who.fsuid = 1000;
  who.gid = who.egid = who.fsgid = 1000;
  who.groups.clear();
  who.effective = who.permitted = 0;
  EXPECT_EQ(open_error("p", O_RDONLY | O_NONBLOCK), EACCES);
  EXPECT_EQ(open_error("p", O_RDWR), EACCES);
  EXPECT_EQ(error_of(files.make_node(task, "/tmp", "own", S_IFIFO | 0400)), 0);
  EXPECT_EQ(open_error("own", O_WRONLY | O_NONBLOCK), EACCES);
  EXPECT_EQ(open_error("own", O_RDONLY | O_NONBLOCK), 0);
}
}  // namespace
}  // namespace cloister::testing
