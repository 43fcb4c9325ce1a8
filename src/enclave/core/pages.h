// SPDX-License-Identifier: Apache-2.0
// The page manager: every dynamic page of ELRANGE, its state and the SGX2 steps that change it (rule I-10). Trusted,
// freestanding. The caller holds the lock of the region that the pages belong to, so that no page changes twice at
// once.
//
// Results are 0 or a negative errno; an EACCEPT that fails means that the host did something else than asked: a lie.
#pragma once
#include <cstddef>
#include <cstdint>
#include "src/boundary/host_call_table.h"

namespace cloister::core {

enum PageState : std::uint8_t {
  kPageAbsent = 0,
  kPagePermissions = 7,  // mask: kPageRead | kPageWrite | kPageExecute
  kPageCommitted = 8,
  kPageCode = 16,  // published by EACCEPTCOPY
  kPageKept = 32,  // given up and not yet returned (kept_pages.h): as good as absent
};

std::uint8_t page_state(std::uint64_t address);
// The first committed page in [address, end), or a value >= end. Whole absent regions cost next to nothing.
std::uint64_t next_committed(std::uint64_t address, std::uint64_t end);
// How many pages of [address, end) are committed.
std::uint64_t count_committed(std::uint64_t address, std::uint64_t end);
// How many pages are committed in all, and the limit that `--heap` set. Kept pages count as free: they go when others
// need the room.
std::uint64_t committed_pages();
void set_page_limit(std::uint64_t pages);
// Why the last attempt to get pages failed: the host's errno, or 0 where the limit was reached.
int page_refusal();

// EAUG + EACCEPT of zeroed data pages where there are none yet, with `permissions` afterwards. Committed pages stay as
// they are.
long commit_pages(std::uint64_t address, std::uint64_t size, std::uint64_t permissions);
// EAUG + EACCEPTCOPY: read-execute pages at `address` with the bytes at `from` (trusted, `size` bytes, whole pages). No
// thread sees a page before it has its contents. All of them must be absent.
long publish_code(std::uint64_t address, const void* from, std::uint64_t size);
// Same for data pages (file contents), with `permissions` that do not include execution.
long publish_data(std::uint64_t address, const void* from, std::uint64_t size, std::uint64_t permissions);
// The same for bytes that the host knows, which nobody may write: the software device need not hide them.
long publish_shown(std::uint64_t address, const void* from, std::uint64_t size, std::uint64_t permissions);
// Changes the permissions of committed pages in the range; absent pages are left alone.
long protect_pages(std::uint64_t address, std::uint64_t size, std::uint64_t permissions);
// Turns data pages into code (JIT): write access goes before execute access comes.
long make_executable(std::uint64_t address, std::uint64_t size);
// Trims and removes committed pages.
long remove_pages(std::uint64_t address, std::uint64_t size);
}  // namespace cloister::core
