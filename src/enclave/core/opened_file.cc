// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/opened_file.h"
#include "src/boundary/host_block.h"
#include "src/enclave/core/cpu.h"

namespace cloister::core {
namespace {
constexpr std::uint8_t kHabit = 2;  // files in a row that were read at once
// Ticks of the time stamp counter, some 0.2 ms: a program that computes for longer knows that time has passed.
constexpr std::uint64_t kFresh = 500'000;

HostAddress area_of(const Thread* thread, std::uint64_t area) {
  return thread->host_block + kFirstBytesOffset + area * kFirstBytesSize;
}
}  // namespace

// In turn: what a send still names (write_behind.h) must not be overwritten by the exit that makes it.
HostAddress place_for_first_bytes(Thread* thread) {
  const OpenedFile& opened = thread->task->opened;
  if (opened.read_at_once < kHabit || !opened.is_read) return {};
  return area_of(thread, opened.area ^ 1U);
}

void note_opened_file(Thread* thread, const NewlyOpened& newly) {
  OpenedFile& opened = thread->task->opened;
  if (!opened.is_read) opened.read_at_once = 0;
  opened.is_read = opened.is_served = false;
  opened.file = newly.file;
  opened.host_call_count = thread->host_call_count;
  opened.status = newly.status;
  opened.data_size = static_cast<std::uint32_t>(newly.size);
  if (newly.was_asked) opened.area ^= 1;
  if (newly.size != 0) opened.since = rough_tsc();
}

FirstBytes take_first_bytes(Thread* thread, std::uint64_t offset, std::uint64_t size) {
  OpenedFile& opened = thread->task->opened;
  if (offset != 0 || size == 0) return {};
  if (!opened.is_read) {
    opened.is_read = true;
    if (opened.read_at_once < kHabit) ++opened.read_at_once;
  }
  const std::uint64_t here = opened.data_size;
  const bool goes_on = size > here && here == kFirstBytesSize;  // perhaps beyond what was read
  if (here == 0 || goes_on || rough_tsc() - opened.since > kFresh) return {};
  opened.is_served = true;
  return {area_of(thread, opened.area), size < here ? size : here};
}
}  // namespace cloister::core
