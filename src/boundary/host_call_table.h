// SPDX-License-Identifier: Apache-2.0
// The host-call table as data: made from host_calls.def, host_services.def and host_call_uses.def. Both sides.
#pragma once
#include <asm/unistd_64.h>
#include <cstddef>
#include <cstdint>
#include "src/boundary/host_block.h"
#include "src/boundary/host_errors.h"

namespace cloister {

enum class HostResult : std::uint8_t { zero, count, descriptor, value, address, never };

enum class HostCall : std::uint16_t {
#define HOST_CALL(name, result, bound, errors, why) name,
#include "src/boundary/host_calls.def"
#undef HOST_CALL
#define HOST_SERVICE(name, result, bound, errors, why) name,
#include "src/boundary/host_services.def"
#undef HOST_SERVICE
#define HOST_CALL_USE(name, call, result, bound, errors, why) name,
#include "src/boundary/host_call_uses.def"
#undef HOST_CALL_USE
};

enum class HostService : std::uint64_t {
  first_minus_one = kFirstHostService - 1,
#define HOST_SERVICE(name, result, bound, errors, why) name,
#include "src/boundary/host_services.def"
#undef HOST_SERVICE
};

struct HostCallRow {
  const char* name;
  std::uint64_t number;  // of the request: a Linux call or a HostService
  HostResult result;
  std::uint8_t bound;
  ErrorSet errors;
  const char* why;
};

inline constexpr HostCallRow kHostCalls[] = {
#define HOST_CALL(name, result, bound, errors, why) \
  {#name, __NR_##name, HostResult::result, bound, host_errors::errors, why},
#include "src/boundary/host_calls.def"
#undef HOST_CALL
#define HOST_SERVICE(name, result, bound, errors, why) \
  {#name, static_cast<std::uint64_t>(HostService::name), HostResult::result, bound, host_errors::errors, why},
#include "src/boundary/host_services.def"
#undef HOST_SERVICE
};
inline constexpr std::size_t kHostCallCount = sizeof kHostCalls / sizeof kHostCalls[0];

// Under the calls' names and numbers.
inline constexpr HostCallRow kHostCallUses[] = {
#define HOST_CALL_USE(name, call, result, bound, errors, why) \
  {#call, __NR_##call, HostResult::result, bound, host_errors::errors, why},
#include "src/boundary/host_call_uses.def"
#undef HOST_CALL_USE
};

// What the host part calls on its own account.
struct HostPartCall {
  const char* name;
  std::uint32_t number;
  const char* why;
};
inline constexpr HostPartCall kHostPartCalls[] = {
#define HOST_PART_CALL(name, why) {#name, __NR_##name, why},
#include "src/boundary/host_part_calls.def"
#undef HOST_PART_CALL
};

constexpr const HostCallRow& row_of(HostCall call) {
  const auto at = static_cast<std::size_t>(call);
  return at < kHostCallCount ? kHostCalls[at] : kHostCallUses[at - kHostCallCount];
}

// Kinds of dynamic enclave memory (augment): data that EACCEPT takes over as zeroes; code and data that EACCEPTCOPY
// fills, which become accessible by the `protect` that follows; the same with bytes that the host knows anyway (file
// contents that came from it), as long as the page is not writable. Permission bits as in SECINFO.FLAGS.
enum class PageKind : std::uint64_t { data = 0, code = 1, filled = 2, shown = 3 };
inline constexpr std::uint64_t kPageRead = 1, kPageWrite = 2, kPageExecute = 4;

// The signal with which one thread of the enclave kicks another out of a blocking host call.
inline constexpr int kKickSignal = 63;  // SIGRTMAX - 1
// The signal of the host's timers (start_ticks). A kick, if the same sends have been waiting since the one before.
inline constexpr int kTickSignal = 62;
}  // namespace cloister
