// SPDX-License-Identifier: Apache-2.0
// futex(2) of the program.
#include <asm/errno.h>
#include <linux/futex.h>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/futex.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
namespace {
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

// The deadline on CLOCK_MONOTONIC for the timespec at `address`, or a negative errno.
long read_deadline(std::uint64_t address, bool relative, bool realtime, std::uint64_t* deadline) {
  *deadline = kNoDeadline;
  if (address == 0) return 0;
  std::int64_t time[2];
  if (!copy_from_program(time, address, sizeof time)) return -EFAULT;
  if (time[0] < 0 || time[1] < 0 || time[1] >= static_cast<std::int64_t>(kNanosecondsPerSecond)) return -EINVAL;
  if (time[0] > 9'000'000'000) return 0;  // further than the clock reaches
  const std::uint64_t value =
      static_cast<std::uint64_t>(time[0]) * kNanosecondsPerSecond + static_cast<std::uint64_t>(time[1]);
  const std::uint64_t now = monotonic_now();
  if (relative) {
    *deadline = now + value;
  } else if (!realtime) {
    *deadline = value;
  } else {
    const std::uint64_t real = realtime_now();
    *deadline = value > real ? now + (value - real) : 0;
  }
  return 0;
}
// The operation that FUTEX_WAKE_OP encodes (futex(2)): what the word becomes, and whether its old value passes the
// comparison.
std::uint32_t apply_operation(std::uint32_t code, std::uint32_t old) {
  std::uint32_t argument = code >> 12 & 0xfff;
  if ((code >> 28 & FUTEX_OP_OPARG_SHIFT) != 0) argument = 1u << (argument & 31);
  switch (code >> 28 & 7) {
    case FUTEX_OP_SET: return argument;
    case FUTEX_OP_ADD: return old + argument;
    case FUTEX_OP_OR: return old | argument;
    case FUTEX_OP_ANDN: return old & ~argument;
    default: return old ^ argument;
  }
}
bool passes_comparison(std::uint32_t code, std::uint32_t old) {
  const auto value = static_cast<std::int32_t>(old), argument = static_cast<std::int32_t>(code << 20) >> 20;
  switch (code >> 24 & 15) {
    case FUTEX_OP_CMP_EQ: return value == argument;
    case FUTEX_OP_CMP_NE: return value != argument;
    case FUTEX_OP_CMP_LT: return value < argument;
    case FUTEX_OP_CMP_LE: return value <= argument;
    case FUTEX_OP_CMP_GT: return value > argument;
    default: return value >= argument;
  }
}

long wake_op(std::uint64_t address, std::uint32_t count, std::uint32_t second_count, std::uint64_t second,
             std::uint32_t code) {
  if ((code >> 28 & 7) > FUTEX_OP_XOR || (code >> 24 & 15) > FUTEX_OP_CMP_GE) return -ENOSYS;
  if (second % 4 != 0) return -EINVAL;
  std::uint32_t old = 0;
  if (!load_program_u32_checked(second, &old)) return -EFAULT;
  for (;;) {
    std::uint32_t found = old;
    if (!compare_exchange_program_u32_checked(second, &found, apply_operation(code, old))) return -EFAULT;
    if (found == old) break;
    old = found;
  }
  long woken = futex_wake(address, count, FUTEX_BITSET_MATCH_ANY);
  if (passes_comparison(code, old)) woken += futex_wake(second, second_count, FUTEX_BITSET_MATCH_ANY);
  return woken;
}
}  // namespace

long fast_futex(Thread* thread, ProgramContext* context) {
  const std::uint64_t address = context->rdi;
  const auto flags = static_cast<std::uint32_t>(context->rsi);
  const std::uint32_t operation = flags & ~std::uint32_t{FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME};
  const auto value = static_cast<std::uint32_t>(context->rdx);
  if (address % 4 != 0) return -EINVAL;
  if (!is_program_range(address, 4)) return -EFAULT;
  std::uint64_t deadline;
  switch (operation) {
    case FUTEX_WAIT: {
      if (const long error = read_deadline(context->r10, true, false, &deadline); error != 0) return error;
      const long result = futex_wait(address, value, FUTEX_BITSET_MATCH_ANY, deadline, FutexWord::program);
      if (result != -EINTR) return result;
      thread->task->restart_deadline = deadline;
      return context->r10 == 0 ? kRestartSys : kRestartBlock;
    }
    case FUTEX_WAIT_BITSET: {
      const bool realtime = (flags & FUTEX_CLOCK_REALTIME) != 0;
      if (const long error = read_deadline(context->r10, false, realtime, &deadline); error != 0) return error;
      const long result =
          futex_wait(address, value, static_cast<std::uint32_t>(context->r9), deadline, FutexWord::program);
      if (result != -EINTR) return result;
      return context->r10 == 0 ? kRestartSys : kRestartBlock;
    }
    case FUTEX_WAKE: return futex_wake(address, value, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET:
      if (static_cast<std::uint32_t>(context->r9) == 0) return -EINVAL;
      return futex_wake(address, value, static_cast<std::uint32_t>(context->r9));
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
      if (static_cast<std::int32_t>(context->r10) < 0 || static_cast<std::int32_t>(value) < 0) return -EINVAL;
      return futex_requeue(address, value, static_cast<std::uint32_t>(context->r10), context->r8,
                           operation == FUTEX_CMP_REQUEUE, static_cast<std::uint32_t>(context->r9));
    case FUTEX_WAKE_OP:
      return wake_op(address, value, static_cast<std::uint32_t>(context->r10), context->r8,
                     static_cast<std::uint32_t>(context->r9));
    default: return kTakeKernelPath;
  }
}
}  // namespace cloister::core
