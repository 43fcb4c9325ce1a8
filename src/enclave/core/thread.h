// SPDX-License-Identifier: Apache-2.0
// core::Thread: what one TCS owns, found at the GS base. Trusted, freestanding.
//
// Hot fields come first: a system call that passes through touches the first three cache lines only. A Thread is a
// virtual CPU of the enclave; the task that runs on it (kernel/task.h) is reached through `task`.
#pragma once
#include <cstddef>
#include <cstdint>
#include "src/boundary/host_block.h"
#include "src/boundary/host_call_table.h"
#include "src/enclave/core/host_memory.h"
#include "src/enclave/core/thread_offsets.h"

namespace cloister::core {

// The program's registers at a system call or a fault. After a system call rip, rflags and rsp are also in rcx, r11
// and Thread::program_rsp; `full` demands that the return restores all of them from here.
struct ProgramContext {
  std::uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
  std::uint64_t full;  // FullReturn; up to here is all that a call needs which the core answers
  std::uint64_t rip, rflags, rsp;
  std::uint64_t orig_rax;  // number of the call, once the kernel storey or a restart needs it; ~0: no system call
};
enum FullReturn : std::uint64_t { kFastReturn = 0, kFullReturn = 1, kFullReturnWithVectors = 2 };
inline constexpr std::uint64_t kNoSystemCall = ~0ULL;

// Reasons in Thread::work for which the way back to the program takes the slow path.
// Queued sends (write_behind.h) and files that end (vfs/file_reclaim.h) are none for which a call is interrupted.
enum Work : std::uint64_t { kWorkSignal = 1, kWorkHostSignal = 2, kWorkExit = 4, kWorkSends = 8, kWorkFiles = 16 };
inline constexpr std::uint64_t kPatientWork = kWorkSends | kWorkFiles;

// Of a host thread: whether it kicks itself while sends wait (HostCall::start_ticks).
enum class Ticks : std::uint64_t { unasked, running, refused };

struct Task;

// A buffer of the program's on its way to or from a file of the host (transfer.h); what a pending host call is part of.
struct Transfer {
  std::uint64_t address;     // in the program, where `part` begins
  std::uint64_t left;        // bytes from there on, `part` among them
  std::uint64_t part;        // bytes in this host call, at most kBounceSize
  std::uint64_t total;       // bytes of the parts before it
  std::uint64_t descriptor;  // the host's
  std::uint64_t fourth;      // argument of the host call: flags of a message, or where in the file the part begins
  HostCall call;
  bool is_out;          // from the program; its bytes lie in the bounce buffer before the call
  bool is_regular;      // of a regular file: no signal interrupts it
  bool has_prefetches;  // the exit receives from other sockets, too (prefetch.h)
};

struct alignas(64) Thread {
  Thread* self;
  std::uint64_t program_rsp;
  ProgramContext* context;
  std::uint64_t state;     // E-6: STATE_*
  std::uint64_t exit_rsp;  // trusted stack while outside
  std::uint64_t host_rsp;  // untrusted: only handed back
  std::uint64_t host_rbp;
  std::uint64_t host_target;  // where EEXIT goes; checked to lie outside
  // second line
  std::uint64_t work;          // Work bits
  std::uint64_t vectors_live;  // 1: the program's vector registers must survive a host call
  HostAddress host_block;      // address outside, checked once
  Task* task;
  std::uint64_t host_call_count;
  std::uint64_t queued_sends;  // of the task's SendQueue: the next exit takes them along
  std::uint64_t bytes_in, bytes_out;
  // third line
  alignas(64) Transfer transfer;
  std::uint64_t closing;  // host descriptor + 1 that the next exit closes which can; 0: none
  // fourth line
  alignas(64) std::uint64_t runtime_fs;
  std::uint64_t program_fs;       // valid while the runtime's FS base is loaded
  std::byte* vector_area;         // 32 zmm, 8 mask registers; at scrub level 0 an XSAVE image
  std::byte* x87_area;            // FXSAVE image, 512 bytes
  std::uint64_t exception_stack;  // top
  std::uint64_t resume_rip;
  std::uint64_t stack_top;  // top of the stack for the first entry
  std::byte* xsave_area;    // for faults and signals: complete state
  // fifth line
  std::byte* ssa;               // frame 0; its GPR area is what stage 1 reads and edits
  std::uint64_t fault_address;  // of the fault that stage 2 handles
  std::uint64_t fault_info;     // vector | error code << 32
  void (*start)(Thread*);       // first function inside, for threads after the first
  // statistics
  std::uint64_t kernel_entry_count;
  std::uint64_t aex_count;
  std::uint64_t trap_count;
  std::uint64_t fault_count;
  std::uint64_t host_signals;        // fetched from the host, not yet judged
  std::uint64_t host_pid, host_tid;  // hints for kicks; what the host makes of them is its business
  std::uint64_t doorbell_count;
  std::uint64_t program_mxcsr;    // valid while the runtime's is loaded
  std::uint64_t program_vectors;  // 1: the program's vector registers lie in vector_area while the runtime runs
  std::uint64_t slept_ticks;      // in calls that wait: what remains of the elapsed time counts as CPU time
  std::uint64_t sleeping_since;   // time stamp counter; 0: awake
  Ticks ticks;
  std::uint64_t carried_call_count;  // host calls made in the exits of others (prefetch.h, write_behind.h)
};

inline Thread* current_thread() {
  Thread* thread;
  asm("mov %%gs:0, %0" : "=r"(thread));
  return thread;
}

#define CLOISTER_AT(type, field, offset) static_assert(offsetof(type, field) == (offset))
CLOISTER_AT(Thread, self, T_SELF);
CLOISTER_AT(Thread, program_rsp, T_PROGRAM_RSP);
CLOISTER_AT(Thread, context, T_CONTEXT);
CLOISTER_AT(Thread, state, T_STATE);
CLOISTER_AT(Thread, exit_rsp, T_EXIT_RSP);
CLOISTER_AT(Thread, host_rsp, T_HOST_RSP);
CLOISTER_AT(Thread, host_rbp, T_HOST_RBP);
CLOISTER_AT(Thread, host_target, T_HOST_TARGET);
CLOISTER_AT(Thread, work, T_WORK);
CLOISTER_AT(Thread, vectors_live, T_VECTORS_LIVE);
CLOISTER_AT(Thread, runtime_fs, T_RUNTIME_FS);
CLOISTER_AT(Thread, program_fs, T_PROGRAM_FS);
CLOISTER_AT(Thread, vector_area, T_VECTOR_AREA);
CLOISTER_AT(Thread, x87_area, T_X87_AREA);
CLOISTER_AT(Thread, exception_stack, T_EXCEPTION_STACK);
CLOISTER_AT(Thread, resume_rip, T_RESUME_RIP);
CLOISTER_AT(Thread, stack_top, T_STACK_TOP);
CLOISTER_AT(Thread, xsave_area, T_XSAVE_AREA);
CLOISTER_AT(Thread, ssa, T_SSA);
CLOISTER_AT(Thread, program_mxcsr, T_PROGRAM_MXCSR);
CLOISTER_AT(Thread, program_vectors, T_PROGRAM_VECTORS);
static_assert(sizeof(Thread) == T_SIZE);
CLOISTER_AT(ProgramContext, r15, C_R15);
CLOISTER_AT(ProgramContext, rax, C_RAX);
CLOISTER_AT(ProgramContext, rcx, C_RCX);
CLOISTER_AT(ProgramContext, rdi, C_RDI);
CLOISTER_AT(ProgramContext, orig_rax, C_ORIG_RAX);
CLOISTER_AT(ProgramContext, rip, C_RIP);
CLOISTER_AT(ProgramContext, rflags, C_RFLAGS);
CLOISTER_AT(ProgramContext, rsp, C_RSP);
CLOISTER_AT(ProgramContext, full, C_FULL);
static_assert(sizeof(ProgramContext) == C_SIZE);
#undef CLOISTER_AT

}  // namespace cloister::core
