// SPDX-License-Identifier: Apache-2.0
// Host calls as the enclave makes them: fill the request, leave, come back, check the answer against the table's row.
// Trusted, freestanding. An answer that an honest host cannot give stops the enclave; callers see only honest answers.
#pragma once
#include <cstddef>
#include <cstdint>
#include "src/boundary/host_call_table.h"
#include "src/boundary/rules.h"
#include "src/enclave/core/host_memory.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/thread.h"

namespace cloister::core {

// The result as Linux gives it: >= 0, or a negative errno out of the row's set. EINTR means that the thread was
// kicked.
long host_call(HostCall call, HostArgument a0 = {}, HostArgument a1 = {}, HostArgument a2 = {}, HostArgument a3 = {},
               HostArgument a4 = {}, HostArgument a5 = {});

// The same for a call that may block: a kick from before or during it ends it with -EINTR. See interrupt.h.
long blocking_host_call(HostCall call, HostArgument a0, HostArgument a1, HostArgument a2, HostArgument a3,
                        HostArgument a4, HostArgument a5);

// openat2 of `path`, as `how` says, fstat of the new descriptor into `status`, and its first bytes to `first_bytes` if
// that is not null (kThenRead): one exit for all. The descriptor or the error of openat2; *answer is what the others
// gave, if there is a descriptor.
struct OpeningAnswer {
  long status = 0;                // 0 or a negative errno
  std::uint64_t first_bytes = 0;  // how many
};
long opening_host_call(HostAddress path, HostAddress how, std::uint64_t how_size, HostAddress status,
                       HostAddress first_bytes, OpeningAnswer* answer);

// The thread's bounce buffer (kBounceSize bytes outside), 8-byte aligned. copy_to_host and copy_from_host stay within
// it.
inline HostAddress bounce_buffer(const Thread* thread) { return thread->host_block + kHostBlockBounceOffset; }
inline HostAddress bounce_buffer() { return bounce_buffer(current_thread()); }
// The terminated string at `offset` of the bounce buffer; returns its address. `size` includes the terminator.
HostAddress stage_string(std::uint64_t offset, const char* text, std::size_t size);

// "Completely outside ELRANGE" and in user space (rule S-2). ELRANGE starts at 0, so one comparison each.
inline bool is_outside(std::uint64_t address, std::uint64_t size) {
  if (!CLOISTER_KEEPS(S_1)) return address >= (1ULL << 40) && address + size <= kUserEnd;  // wraps around
  if (!CLOISTER_KEEPS(S_2)) return address >= (1ULL << 40) && size <= kUserEnd;            // the beginning only
  return address >= (1ULL << 40) && is_user_range(address, size);
}

// Which host descriptors are ours; a new one must be none of them.
inline constexpr std::uint64_t kMaxHostDescriptors = 1 << 16;
void adopt_host_descriptor(HostCall call, std::uint64_t descriptor);  // a lie when it is in use or out of range
void forget_host_descriptor(std::uint64_t descriptor);

// Appends to the host's standard error or to the trace. For messages, never for secrets.
enum class PrintStream : std::uint64_t { error = 0, trace = 1 };
void print_to_host(PrintStream stream, const char* text, std::size_t size);
}  // namespace cloister::core
