// SPDX-License-Identifier: Apache-2.0
// The interposition point of a lying host: the product's host part with two calls around each request (host_stub.S with
// CLOISTER_LYING_HOST). Tells the lie that $CLOISTER_LIE names and otherwise is honest.
//
// $CLOISTER_LIE_LOG names a file that gets one line for each answer, `CALL NTH RESULT BYTES USE`, and `told` when the
// lie was told. Everything is prepared before the seccomp filter stands, and nothing here takes memory later.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include "src/boundary/host_call_table.h"
#include "src/host/host_thread.h"
#include "tests/adversary/lie.h"
#include "tests/adversary/written_memory.h"

namespace cloister::adversary {
namespace {
std::optional<Lie> lie;
int log_file = -1;
std::atomic<std::uint64_t> answers[kHostCallCount + 1];  // by row; the last counts all
std::atomic<std::uint64_t> last_descriptor{0};
std::atomic<bool> told{false};

__attribute__((constructor)) void prepare() {
  if (const char* text = std::getenv("CLOISTER_LIE"); text != nullptr) {
    lie = parse_lie(text);
    if (!lie.has_value()) _exit(2);
  }
  if (const char* path = std::getenv("CLOISTER_LIE_LOG"); path != nullptr) {
    const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    // Out of the way of the numbers that the enclave sees.
    log_file = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, 900);
    close(file);
  }
}

std::size_t row_index(std::uint64_t number) {
  for (std::size_t i = 0; i < kHostCallCount; ++i)
    if (kHostCalls[i].number == (number & 0xffff'ffff)) return i;
  return kHostCallCount;
}

// What decides which errors an honest host could answer (honest_errors.py), besides the call.
const char* use_of(const HostBlock& block) {
  switch (block.number & 0xffff'ffff) {
    case SYS_fcntl:
      switch (block.args[1]) {
        case F_GETFL: return "F_GETFL";
        case F_SETFL: return "F_SETFL";
        case F_DUPFD_CLOEXEC: return "F_DUPFD_CLOEXEC";
        default: return "lock";
      }
    case SYS_read:
    case SYS_write:
    case SYS_pread64:
    case SYS_pwrite64:
    case SYS_ioctl: {
      struct stat status;
      if (syscall(SYS_fstat, block.args[0], &status) != 0) return "-";
      switch (status.st_mode & S_IFMT) {
        case S_IFREG: return "file";
        case S_IFSOCK: return "socket";
        case 0: return "bell";  // the one kind of anonymous inode that the enclave reads and writes
        default: return "device";
      }
    }
    default: return "-";
  }
}

void log(const char* name, std::uint64_t nth, std::int64_t result, std::uint64_t size, const char* use) {
  if (log_file < 0) return;
  char line[128];
  const int length = std::snprintf(line, sizeof line, "%s %lu %ld %lu %s\n", name, static_cast<unsigned long>(nth),
                                   static_cast<long>(result), static_cast<unsigned long>(size), use);
  if (write(log_file, line, static_cast<std::size_t>(length)) < 0) return;
}

// Exactly one thread answers the Nth time, so that the lie is told once.
bool is_the_one(std::size_t row, std::uint64_t nth, std::uint64_t nth_of_all) {
  if (!lie.has_value() || row == kHostCallCount) return false;
  return lie->call == "*" ? nth_of_all == lie->nth : lie->call == kHostCalls[row].name && nth == lie->nth;
}

void flip_bits(std::uint8_t* data, std::uint64_t size, std::uint64_t seed) {
  for (std::uint64_t i = 0; i < 1 + size / 16; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    data[(seed >> 33) % size] ^= static_cast<std::uint8_t>(1 << (seed >> 29 & 7));
  }
}

std::int64_t falsify(HostBlock& block, const HostCallRow& row, std::int64_t result) {
  const WrittenMemory written = written_by(block, result);
  const auto asked = static_cast<std::int64_t>(block.args[row.bound]);
  switch (lie->kind) {
    case LieKind::result:
    case LieKind::skip: return lie->value;
    case LieKind::more: return asked + lie->value;
    case LieKind::part: return result > 0 ? result * lie->value / 100 : result;
    case LieKind::fill: std::memset(written.data, static_cast<int>(lie->value), written.size); break;
    case LieKind::flip:
      if (written.size > 0) flip_bits(written.data, written.size, static_cast<std::uint64_t>(lie->value));
      break;
    case LieKind::length:
      if (written.length != nullptr) *written.length = static_cast<std::uint32_t>(lie->value);
      break;
    case LieKind::status:
      if ((block.number & kThenStatus) != 0) block.status_result = static_cast<std::uint64_t>(lie->value);
      break;
    case LieKind::ahead:
      if ((block.number & kThenReceive) != 0) block.prefetches[0].result = static_cast<std::uint64_t>(lie->value);
      break;
    case LieKind::behind:
      if ((block.number & kFirstSend) != 0) block.sends[0].result = static_cast<std::uint64_t>(lie->value);
      break;
    case LieKind::first_bytes:
      if ((block.number & kThenRead) != 0) block.read_result = static_cast<std::uint64_t>(lie->value);
      break;
    case LieKind::twice: return static_cast<std::int64_t>(last_descriptor.load());
  }
  return result;
}

struct Request {
  std::size_t row;
  std::uint64_t nth;
  bool is_the_one;
};
thread_local Request request;
}  // namespace

// Before the request is served: whether to leave it out.
extern "C" std::uint64_t host_request_comes(host::HostThread* thread) {
  const std::size_t row = row_index(thread->block->number);
  const std::uint64_t nth = ++answers[row], nth_of_all = ++answers[kHostCallCount];
  request = {row, nth, is_the_one(row, nth, nth_of_all)};
  const bool skipped = request.is_the_one && lie->kind == LieKind::skip;
  if (row < kHostCallCount && kHostCalls[row].result == HostResult::never && !skipped)
    log(kHostCalls[row].name, nth, 0, 0, "-");
  return skipped ? 1 : 0;
}

// Before the answer is stored: the result that the enclave gets.
extern "C" std::int64_t host_answer_goes(host::HostThread* thread, std::int64_t result) {
  if (request.row == kHostCallCount) return result;
  const HostCallRow& row = kHostCalls[request.row];
  HostBlock& block = *thread->block;
  const WrittenMemory written = written_by(block, result);
  log(row.name, request.nth, result,
      written.size + (written.length != nullptr ? 1u << 20 : 0u) +
          ((block.number & kThenReceive) != 0 ? 1u << 21 : 0u) + ((block.number & kFirstSend) != 0 ? 1u << 22 : 0u) +
          ((block.number & kThenRead) != 0 ? 1u << 23 : 0u),
      use_of(block));
  if (request.is_the_one && !told.exchange(true)) {
    log("told", request.nth, result, 0, row.name);
    result = falsify(block, row, result);
  }
  if (row.result == HostResult::descriptor && result >= 0) last_descriptor = static_cast<std::uint64_t>(result);
  return result;
}
}  // namespace cloister::adversary
