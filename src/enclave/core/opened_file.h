// SPDX-License-Identifier: Apache-2.0
// The first bytes of a file, read in the exit that opened it (docs/decisions/0018-first-bytes.md), for programs that
// read what they open straight away. As with its status: nobody can know better as long as nothing has left the
// enclave since. Trusted, freestanding; of the enclave's only task.
#pragma once
#include "src/enclave/core/host_memory.h"
#include "src/enclave/core/task.h"
#include "src/enclave/core/thread.h"

namespace cloister::core {
// Where the host shall put the first bytes of the file that is about to be opened; null: nobody would read them soon.
HostAddress place_for_first_bytes(Thread* thread);
// What the last exit has opened.
struct NewlyOpened {
  File* file;  // null: others may know more of it
  const struct stat& status;
  bool was_asked;      // for the first bytes
  std::uint64_t size;  // so many lie at that place; 0: none
};
void note_opened_file(Thread* thread, const NewlyOpened& newly);

inline bool is_just_opened(const Thread* thread, const File* file) {
  const OpenedFile& opened = thread->task->opened;
  return opened.file == file && opened.host_call_count == thread->host_call_count;
}

struct FirstBytes {
  HostAddress at;
  std::uint64_t size = 0;  // 0: the host must be asked
};
// What pread of `size` bytes at `offset` gives, of a file that was just opened.
FirstBytes take_first_bytes(Thread* thread, std::uint64_t offset, std::uint64_t size);
}  // namespace cloister::core
