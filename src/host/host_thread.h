// SPDX-License-Identifier: Apache-2.0
// One host thread that runs one enclave thread. Untrusted. Offsets are for host_stub.S.
#pragma once
#define HT_BLOCK 0
#define HT_TCS 8
#define HT_ENTER 16
#define HT_HOST_FS 24
#define HT_EXCEPTION 32
#define HT_DEFERRED 40
#define HT_NESTED 48

#ifndef __ASSEMBLER__
#include <cstddef>
#include <cstdint>
#include "src/boundary/host_block.h"
#include "src/host/device/device.h"

namespace cloister::host {

struct HostThread {
  HostBlock* block;
  std::uint64_t tcs;
  EnterFunction enter;
  std::uint64_t host_fs;
  std::uint64_t exception;  // the last asynchronous exit wants the enclave to look (fault or signal)
  std::uint64_t deferred;   // a signal came while the enclave already handled one
  std::uint64_t nested;     // that handling itself was interrupted: it has to be resumed before anything else
  int tid;
  std::uint64_t ticked_batch;   // HostBlock::send_batch at the last tick
  std::uint64_t nested_faults;  // so many in a row while the enclave looked at an exception, all at `faulting_rip`
  std::uint64_t faulting_rip;
};
static_assert(offsetof(HostThread, host_fs) == HT_HOST_FS && offsetof(HostThread, exception) == HT_EXCEPTION);
static_assert(offsetof(HostThread, nested) == HT_NESTED);

// The start area of the first entry; zero for other threads.
struct StartArea {
  std::uint64_t address, size;
};

// Alternate signal stack: aligned to its size, with what a handler needs at its lowest address, since a handler that
// interrupts the enclave has no FS base of ours yet.
inline constexpr std::size_t kSignalStackSize = 64 << 10;
struct SignalStackHeader {
  std::uint64_t host_fs;
  HostThread* thread;
};

// Prepares the calling thread (signal stack, device) and enters; never returns.
[[noreturn]] void run_host_thread(Device& device, std::uint64_t tcs, StartArea start);
// A host block on memory of its own.
HostBlock* allocate_host_block();

// Installs the handlers for faults, kicks and forwarded signals. Once.
void install_signal_handlers();
}  // namespace cloister::host
#endif
