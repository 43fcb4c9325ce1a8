// SPDX-License-Identifier: Apache-2.0
// The untrusted memory that one enclave thread and its host thread share: one request, and the bounce buffer that its
// data passes through. Lies outside ELRANGE. The enclave accesses it only in aligned 8-byte units (rules S-13, S-14).
//
// The request is self-contained, so that it can also be served by another thread than the one that submitted it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace cloister {

struct PrefetchRequest {
  std::uint64_t descriptor;
  std::uint64_t result;  // of recvfrom, which does not wait
};
inline constexpr std::uint64_t kMostPrefetches = 8, kPrefetchSize = 8 << 10;

// One that follows another to the same descriptor is made with it or after it, and only if that one took all its bytes;
// else its result is -EAGAIN.
struct SendRequest {
  std::uint32_t descriptor;
  std::uint32_t flags;    // of sendto, beside the usual ones: MSG_MORE or none
  std::uint64_t address;  // in the block's send area or what kThenRead has read
  std::uint64_t size;
  std::uint64_t result;  // of sendto, which does not wait and raises no SIGPIPE
};
inline constexpr std::uint64_t kMostSends = 16;

struct alignas(64) HostBlock {
  std::uint64_t number;  // a Linux call that the stub makes at once, or kFirstHostService + a service of the host part
  std::uint64_t args[6];
  std::uint64_t result;    // as the kernel returns it: negative errno or value
  std::uint64_t kicked;    // set by the host's signal handler: the next host call returns EINTR before it blocks
  std::uint64_t signals;   // bit n-1: the host received signal n since the enclave last fetched (and zeroed) this word
  std::uint64_t doorbell;  // futex word (low half) on which this thread sleeps inside futex waits
  std::uint64_t time_out[2];    // seconds and nanoseconds of a sleep or wait
  std::uint64_t status_result;  // of the fstat that kThenStatus asks for
  std::uint64_t prefetch_count;
  std::uint64_t one;  // what rings an eventfd
  PrefetchRequest prefetches[kMostPrefetches];
  std::uint64_t closing;      // the descriptor that kFirstClose is about
  std::uint64_t send_count;   // of the requests in `sends` that wait for an exit
  std::uint64_t send_batch;   // counts those times that the first of them came to wait
  std::uint64_t read_result;  // of the pread64 that kThenRead asks for
  alignas(64) SendRequest sends[kMostSends];
};
static_assert(offsetof(HostBlock, prefetches) == 128 && offsetof(HostBlock, closing) == 256 &&
              offsetof(HostBlock, status_result) == 104 && offsetof(HostBlock, send_count) == 264 &&
              offsetof(HostBlock, read_result) == 280 && offsetof(HostBlock, sends) == 320 &&
              sizeof(SendRequest) == 32);  // host_stub.S
static_assert(offsetof(SendRequest, flags) == 4 && offsetof(SendRequest, address) == 8 &&
              offsetof(SendRequest, size) == 16 && offsetof(SendRequest, result) == 24);

inline constexpr std::uint64_t kHostBlockBounceOffset = 4096;  // the bounce buffer follows the block's page
inline constexpr std::uint64_t kBounceSize = 128 << 10;
inline constexpr std::uint64_t kSendAreaOffset = kHostBlockBounceOffset + kBounceSize;  // what `sends` name
inline constexpr std::uint64_t kSendAreaSize = 64 << 10;
inline constexpr std::uint64_t kPrefetchOffset = kSendAreaOffset + kSendAreaSize;  // what kThenReceive receives
inline constexpr std::uint64_t kFirstBytesOffset = kPrefetchOffset + kMostPrefetches * kPrefetchSize;
inline constexpr std::uint64_t kFirstBytesSize = 16 << 10;  // of a file that kThenRead reads; there is room for two
inline constexpr std::uint64_t kHostBlockSize = kFirstBytesOffset + 2 * kFirstBytesSize;
inline constexpr std::uint64_t kFirstHostService = 0x10000;
inline constexpr std::uint64_t kInterruptible = 1ULL << 32;  // flag in `number`: may block, and a kick ends it
// Flag beside kInterruptible: if the call gives a descriptor, fstat of that into args[4] before the enclave is entered.
inline constexpr std::uint64_t kThenStatus = 1ULL << 33;
// Flag beside kInterruptible: after the call, receive from each of `prefetches` what is there, without waiting. Number
// i goes to kPrefetchOffset + i * kPrefetchSize of the block.
inline constexpr std::uint64_t kThenReceive = 1ULL << 34;
static_assert(kPrefetchOffset == 4096 + 131072 + 65536 && kPrefetchSize == 8192);  // host_stub.S
// Flag beside kInterruptible: before the call, close `closing`. What close gives is nobody's business.
inline constexpr std::uint64_t kFirstClose = 1ULL << 35;
// Flag of any request: before anything else, make the `sends`.
inline constexpr std::uint64_t kFirstSend = 1ULL << 36;
// Flag beside kThenStatus: if that says it is a regular file of no more than kFirstBytesSize and not empty, read its
// first bytes, as many as there are up to kFirstBytesSize, to args[5]; else the result is 0.
inline constexpr std::uint64_t kThenRead = 1ULL << 37;
inline constexpr std::uint64_t kHostCallFlags =
    kInterruptible | kThenStatus | kThenReceive | kFirstClose | kFirstSend | kThenRead;

// What the host part passes to the first entry, at the start of the bounce buffer. All of it is a hint to be checked.
struct CpuidLeaf {
  std::uint32_t leaf, subleaf, eax, ebx, ecx, edx;
};
inline constexpr std::size_t kMaxCpuidLeaves = 96;

struct TimeParameters {  // nanoseconds = base + ((tsc - tsc_base) * multiplier >> 32)
  std::uint64_t tsc_base;
  std::uint64_t multiplier;  // nanoseconds per tick, 32.32 fixed point
  std::uint64_t monotonic_base;
  std::uint64_t realtime_base;
  std::uint64_t boottime_offset;  // CLOCK_BOOTTIME - CLOCK_MONOTONIC
  std::uint64_t sequence;         // odd while the host writes
};

// Bits of StartParameters::host_flags. A debug enclave may follow a wish; the rest is how the program was started.
enum HostFlags : std::uint64_t {
  kHostTrace = 1,
  kHostStatistics = 2,
  kHostClosedStream = 1 << 8,  // and the two bits above: standard stream 0, 1, 2 is closed
};
inline constexpr unsigned kHostFileModeMaskShift = 16;  // nine bits: the umask
inline constexpr std::size_t kMaxHostGroups = 64;

struct StartParameters {
  std::uint64_t xcr0;
  std::uint64_t cpu_count;
  std::uint64_t time_page;  // address of the TimeParameters that the host keeps up to date
  std::uint64_t physical_memory;
  std::uint64_t host_pid;
  std::uint64_t host_parent_pid;
  std::uint64_t host_process_group, host_session;
  std::uint64_t host_uid, host_gid;
  std::uint64_t host_group_count;  // of host_groups: the supplementary groups
  std::uint64_t host_groups[kMaxHostGroups];
  std::uint64_t host_flags;       // HostFlags
  std::uint64_t ignored_signals;  // bit n-1: signal n was ignored when the host part started
  std::uint64_t argument_count;   // of the strings at `strings`, from the host's command line
  std::uint64_t environment_count;
  std::uint64_t location_count;  // pairs of strings: a path inside, where it lies on the host
  std::uint64_t setting_count;   // NAME=VALUE for the runtime, such as las=127.0.0.1:18766
  std::uint64_t strings_offset;  // within the start area
  std::uint64_t strings_size;    // NUL-terminated strings: working directory, arguments, environment, locations,
                                 // settings
  std::uint64_t cpuid_count;
  CpuidLeaf cpuid[kMaxCpuidLeaves];
};
static_assert(sizeof(StartParameters) % 8 == 0);

}  // namespace cloister
