// SPDX-License-Identifier: Apache-2.0
// The open file of an epoll object. Trusted, kernel storey.
#pragma once
#include <memory>
#include "src/enclave/vfs/epoll_set.h"

namespace cloister::vfs {

class Epoll final : public OpenFile {
 public:
  static Result<FileRef> create();

  Result<std::int64_t> seek(std::int64_t, int) override { return 0; }
  std::uint32_t readiness() override;
  kernel::WaitQueue* wait_queue() override { return &set_->queue(); }
  bool is_time_driven() const override { return true; }  // a member may be
  std::uint64_t advance_time() override { return set_->advance_time(); }
  void last_close() override;

  const std::shared_ptr<EpollSet>& set() const { return set_; }

 private:
  explicit Epoll(int host_epoll);
  std::shared_ptr<EpollSet> set_;
};

// The file as an epoll object, or null.
inline Epoll* as_epoll(OpenFile& file) {
  return file.kind == core::FileKind::host_epoll ? static_cast<Epoll*>(&file) : nullptr;
}
// Can it be a member of one, or is it always ready, which epoll refuses (EPERM)?
bool has_readiness(OpenFile& file);
}  // namespace cloister::vfs
