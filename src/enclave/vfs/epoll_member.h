// SPDX-License-Identifier: Apache-2.0
// One registration of an epoll object: a file under one descriptor. Trusted, kernel storey.
#pragma once
#include <cstdint>
#include "src/enclave/core/epoll_table.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {
class EpollSet;

enum class MemberKind : std::uint8_t { host, inside, nested };
enum class FileEnds { no, yes };  // then closing its host descriptor ends the host's membership

class EpollMember final : public kernel::WaitQueue::Entry {
 public:
  EpollMember(EpollSet& owner, OpenFile& watched, int number, MemberKind member_kind)
      : set(owner), file(watched), descriptor(number), kind(member_kind) {}

  void woken() override;  // the file's readiness may have grown

  EpollSet& set;
  OpenFile& file;        // lives: it makes us forget it before it goes
  const int descriptor;  // the program's
  const MemberKind kind;
  std::uint32_t asked = 0;  // as in epoll_ctl, with ERR and HUP; 0 when a one-shot member has fired
  std::uint64_t data = 0;

  // Host members: where in the table, and which host descriptor (a duplicate when the file is a member under two
  // descriptors).
  std::uint32_t index = 0;  // 0 for nested ones
  int host_descriptor = -1;
  bool owns_host_descriptor = false;

  // Guarded by EpollSet::ready_mutex_.
  bool is_queued = false;
  EpollMember* next_ready = nullptr;
  EpollMember* previous_ready = nullptr;
};
}  // namespace cloister::vfs
