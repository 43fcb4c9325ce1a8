// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/tmpfs.h"
#include <fcntl.h>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/vfs/permissions.h"

namespace cloister::vfs {
namespace {
struct timespec now() {
  const std::uint64_t time = core::realtime_now();
  return {static_cast<time_t>(time / 1'000'000'000), static_cast<long>(time % 1'000'000'000)};
}
}  // namespace

bool TmpfsState::has_memory() const { return core::committed_pages() < memory_pages; }

TmpfsNode::TmpfsNode(const Filesystem& filesystem, std::shared_ptr<TmpfsState> shared, const NewNode& what)
    : Node(filesystem), state_(std::move(shared)), mode_(what.mode), user_(what.user), group_(what.group) {
  accessed_ = modified_ = changed_ = now();
}

Result<struct stat> TmpfsNode::status() {
  const std::lock_guard guard(state_->mutex);
  struct stat status = make_status(mode_, size_locked());
  status.st_uid = user_;
  status.st_gid = group_;
  status.st_nlink = links_;
  status.st_blocks = static_cast<blkcnt_t>(blocks_locked());
  status.st_atim = accessed_;
  status.st_mtim = modified_;
  status.st_ctim = changed_;
  return status;
}

Result<struct statfs> TmpfsNode::filesystem_status() {
  struct statfs status = TRY(Node::filesystem_status());
  const std::uint64_t used = state_->pages.load();
  status.f_blocks = state_->page_limit;
  status.f_bfree = status.f_bavail = used < state_->page_limit ? state_->page_limit - used : 0;
  const std::uint64_t names = state_->names.load();
  status.f_files = state_->page_limit;
  status.f_ffree = names < state_->page_limit ? state_->page_limit - names : 0;
  return status;
}

void TmpfsNode::touch() {
  const std::lock_guard guard(state_->mutex);
  touch_locked();
}
void TmpfsNode::touch_locked() { modified_ = changed_ = now(); }

Result<void> TmpfsNode::set_mode(std::uint32_t mode) {
  const std::lock_guard guard(state_->mutex);
  mode_ = (mode_ & S_IFMT) | (mode & 07777);
  changed_ = now();
  return {};
}

Result<void> TmpfsNode::set_owner(std::uint32_t user, std::uint32_t group) {
  const std::lock_guard guard(state_->mutex);
  if (user != ~0u) user_ = user;
  if (group != ~0u) group_ = group;
  if (!is_directory()) mode_ &= ~static_cast<std::uint32_t>(S_ISUID | S_ISGID);
  changed_ = now();
  return {};
}

Result<void> TmpfsNode::set_times(const struct timespec times[2]) {
  const std::lock_guard guard(state_->mutex);
  changed_ = now();
  if (times[0].tv_nsec != UTIME_OMIT) accessed_ = times[0].tv_nsec == UTIME_NOW ? changed_ : times[0];
  if (times[1].tv_nsec != UTIME_OMIT) modified_ = times[1].tv_nsec == UTIME_NOW ? changed_ : times[1];
  return {};
}

std::shared_ptr<TmpfsDirectory> make_tmpfs(const Filesystem& filesystem, std::uint32_t mode, std::uint64_t page_limit,
                                           std::uint64_t memory_pages) {
  NewNode what;
  what.mode = S_IFDIR | mode;
  auto root =
      std::make_shared<TmpfsDirectory>(filesystem, std::make_shared<TmpfsState>(page_limit, memory_pages), what);
  root->note_mounted();
  return root;
}
}  // namespace cloister::vfs
