// SPDX-License-Identifier: Apache-2.0
// The host's side of every host call: enter, run the request, enter again. General registers only; no C library on the
// short way. Between *_window_begin and *_window_end a kick must not be lost: the signal handler continues at
// host_call_interrupted when it finds the thread there.
#include "src/boundary/entry_refused.h"
#include "src/host/host_thread.h"
#define HB_NUMBER 0
#define HB_ARGS 8
#define HB_RESULT 56
#define HB_KICKED 64
#define HB_STATUS_RESULT 104
#define HB_PREFETCH_COUNT 112
#define HB_PREFETCHES 128
#define HB_CLOSING 256
#define HB_SEND_COUNT 264
#define HB_READ_RESULT 280
#define HB_SENDS 320

// The adversary's builds of this file look at each request and change answers (tests/adversary/lying_host.cc), or make entries that
// no state allows (entering_host.cc).
.macro CALL_LIAR function
  mov HT_HOST_FS(%r12), %rdi
  wrfsbase %rdi
  mov %r12, %rdi
  mov %rax, %rsi
  call \function
.endm

#ifdef CLOISTER_ENTERING_HOST
#define host_signal entering_host_signal
#endif

  .section .text.hot.transitions, "ax", @progbits
// host_thread_enter(HostThread*, start address, start size)
  .globl host_thread_enter
  .type host_thread_enter, @function
host_thread_enter:
  push %rbp
  mov %rsp, %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  sub $24, %rsp
  mov %rdi, (%rsp)
  mov %rdi, %r12
  rdfsbase %rax
  mov %rax, HT_HOST_FS(%r12)
  mov HT_BLOCK(%r12), %rdi
  jmp enter_enclave

next_request:
  mov (%rsp), %r12
  mov HT_BLOCK(%r12), %r13
  lea -ENTRY_REFUSED(%rdx), %eax
  cmp $(ENTRY_AFTER_STOP - ENTRY_REFUSED), %eax
  jbe entry_refused
#ifdef CLOISTER_LYING_HOST
  CALL_LIAR host_request_comes
  test %eax, %eax
  jnz store_result
#endif
#ifdef CLOISTER_ENTERING_HOST
  CALL_LIAR host_request_interrupted
  test %eax, %eax
  jnz host_call_interrupted
#endif
  mov HB_NUMBER(%r13), %rax
  btr $36, %rax                         // kFirstSend
  jc send_first
sent_first:
  cmp $0x10000, %eax
  jae host_service_request
  mov HB_ARGS(%r13), %rdi
  mov HB_ARGS+8(%r13), %rsi
  mov HB_ARGS+16(%r13), %rdx
  mov HB_ARGS+24(%r13), %r10
  mov HB_ARGS+32(%r13), %r8
  mov HB_ARGS+40(%r13), %r9
  btr $32, %rax                         // kInterruptible
  jc interruptible_request
  syscall
store_result:
#ifdef CLOISTER_LYING_HOST
  CALL_LIAR host_answer_goes
#endif
  mov %rax, HB_RESULT(%r13)
#ifdef CLOISTER_ENTERING_HOST
  CALL_LIAR host_before_entry
  rdtsc                                 // garbage in what nobody promised
  mov %rax, %rdi
  mov %rdx, %rsi
  lea (%rax,%rax,4), %r8
  lea 1(%rdx,%rax,8), %r9
  mov %rax, %r14
  test $16, %al
  jz enter_enclave
  std
#endif
// Entering is a jump with the return address on the stack, not a call: the enclave leaves in the middle of its own calls, and a
// call here would leave the processor's return predictions off by one for both sides.
enter_enclave:
  mov HT_TCS(%r12), %rbx
  lea next_request(%rip), %rax
  push %rax
  lea host_aep(%rip), %rcx
  mov $2, %eax
  jmp *HT_ENTER(%r12)

interruptible_request:
  mov %rax, %r14
  mov %eax, %eax                        // without flags
  btr $35, %r14                         // kFirstClose
  jc close_first
  .globl host_call_window_begin, host_call_window_end, host_call_interrupted
host_call_window_begin:
  cmpq $0, HB_KICKED(%r13)
  jne host_call_interrupted
  syscall
host_call_window_end:
  shr $33, %r14
  jz store_result
  cmp $2, %r14d
  je receive_from_others
  mov %rax, %r15                        // kThenStatus
  test %rax, %rax
  js store_result
  mov %rax, %rdi
  mov HB_ARGS+32(%r13), %rsi
  mov $5, %eax                          // fstat
  syscall
  mov %rax, HB_STATUS_RESULT(%r13)
  test $16, %r14b                       // kThenRead
  jnz read_first_bytes
  mov %r15, %rax
  jmp store_result
read_first_bytes:
  movq $0, HB_READ_RESULT(%r13)
  test %rax, %rax
  jnz 1f
  mov HB_ARGS+32(%r13), %rsi
  mov 24(%rsi), %eax                    // st_mode
  and $0170000, %eax
  cmp $0100000, %eax                    // S_IFREG
  jne 1f
  mov 48(%rsi), %rax                    // st_size
  dec %rax
  cmp $16384, %rax                      // kFirstBytesSize
  jae 1f
  mov %r15, %rdi
  mov HB_ARGS+40(%r13), %rsi
  mov $16384, %edx
  xor %r10d, %r10d
  mov $17, %eax                         // pread64
  syscall
  mov %rax, HB_READ_RESULT(%r13)
1:
  mov %r15, %rax
  jmp store_result
send_first:
  push %rax
  mov HB_SEND_COUNT(%r13), %r14
  lea HB_SENDS(%r13), %rbx
  mov $-1, %r15                         // the descriptor whose last send was cut short
1:
  mov (%rbx), %edi
  mov $-11, %rax                        // EAGAIN
  cmp %edi, %r15d
  je 2f
  mov 8(%rbx), %rsi
  mov 16(%rbx), %rdx
  cmp $1, %r14
  je 3f
  cmp 32(%rbx), %edi
  je send_two
3:
  mov 4(%rbx), %r10d
  or $0x4040, %r10d                     // MSG_DONTWAIT, MSG_NOSIGNAL
  xor %r8d, %r8d
  xor %r9d, %r9d
  mov $44, %eax                         // sendto
  syscall
  mov $-1, %r15
judge_send:
  cmp %rax, 16(%rbx)
  je 2f
  mov (%rbx), %r15d
2:
  mov %rax, 24(%rbx)
  add $32, %rbx
  dec %r14
  jnz 1b
  pop %rax
  jmp sent_first
send_two:                               // two that follow each other to one socket: one message of two parts
  sub $88, %rsp                         // struct msghdr, struct iovec[2]
  xor %eax, %eax
  mov %rax, (%rsp)                      // no name
  mov %rax, 8(%rsp)
  lea 56(%rsp), %rcx
  mov %rcx, 16(%rsp)
  movq $2, 24(%rsp)
  mov %rax, 32(%rsp)                    // no control data
  mov %rax, 40(%rsp)
  mov %rax, 48(%rsp)
  mov 8(%rbx), %rax
  mov %rax, 56(%rsp)
  mov 16(%rbx), %rax
  mov %rax, 64(%rsp)
  mov 40(%rbx), %rax
  mov %rax, 72(%rsp)
  mov 48(%rbx), %rax
  mov %rax, 80(%rsp)
  mov %rsp, %rsi
  mov 36(%rbx), %edx                    // the second's: the first is followed by more anyway
  or $0x4040, %edx                      // MSG_DONTWAIT, MSG_NOSIGNAL
  mov $46, %eax                         // sendmsg
  syscall
  add $88, %rsp
  mov $-1, %r15
  mov 16(%rbx), %rcx
  cmp %rcx, %rax
  jg 1f
  mov %rdi, %r15                        // nothing of the second
  jmp 2b
1:
  mov %rcx, 24(%rbx)
  sub %rcx, %rax
  add $32, %rbx
  dec %r14
  jmp judge_send
close_first:
  mov %rax, %rbx
  mov %rdi, %r15
  mov HB_CLOSING(%r13), %rdi
  mov $3, %eax                          // close
  syscall
  mov %rbx, %rax
  mov %r15, %rdi
  jmp host_call_window_begin
receive_from_others:                    // kThenReceive
  mov %rax, %r15
  mov HB_PREFETCH_COUNT(%r13), %r14
  lea HB_PREFETCHES(%r13), %rbx
  lea 4096+131072+65536(%r13), %rsi     // kPrefetchOffset
  mov $8192, %edx                       // kPrefetchSize
  mov $0x40, %r10d                      // MSG_DONTWAIT
  xor %r8d, %r8d
  xor %r9d, %r9d
1:
  mov (%rbx), %rdi
  mov $45, %eax                         // recvfrom
  syscall
  mov %rax, 8(%rbx)
  add $16, %rbx
  add $8192, %rsi
  dec %r14
  jnz 1b
  mov %r15, %rax
  jmp store_result
host_call_interrupted:
  mov $-4, %rax
  jmp store_result

host_service_request:
  mov HT_HOST_FS(%r12), %rax
  wrfsbase %rax
  mov %r12, %rdi
  call host_service
  jmp store_result

entry_refused:
  mov HT_HOST_FS(%r12), %rax
  wrfsbase %rax
  and $-16, %rsp
  mov %edx, %edi
  call host_entry_refused               // does not return

// Asynchronous exit: RSP as at the last EENTER or ERESUME, where (%rsp) is the return address of that entry, so the
// HostThread lies one word above. FS is the host's. A signal that arrives from host_aep_resume on sets HT_DEFERRED and
// continues at host_aep_resume, so that the enclave hears of it before it runs on.
  .globl host_aep, host_aep_resume, host_aep_end
host_aep:
  mov 8(%rsp), %r12
#ifdef CLOISTER_ENTERING_HOST
  push %rbp
  mov %rsp, %rbp
  and $-16, %rsp
  mov %r12, %rdi
  call host_after_exit
  leave
#endif
  cmpq $0, HT_EXCEPTION(%r12)
  je host_aep_resume
host_aep_enter:
  movq $0, HT_EXCEPTION(%r12)
  mov HT_TCS(%r12), %rbx
  lea host_aep(%rip), %rcx
  xor %edi, %edi
  mov $2, %eax
  push %r12
  lea 3f(%rip), %r8
  push %r8
  jmp *HT_ENTER(%r12)                   // CSSA 1: the enclave looks at its SSA frame and leaves again
3:
  mov (%rsp), %r12
  lea -ENTRY_REFUSED(%rdx), %eax
  cmp $(ENTRY_AFTER_STOP - ENTRY_REFUSED), %eax
  jbe entry_refused
  add $8, %rsp
  movq $0, HT_NESTED(%r12)
host_aep_resume:
  cmpq $0, HT_NESTED(%r12)              // there is no third SSA frame to enter at
  jne 4f
  cmpq $0, HT_DEFERRED(%r12)
  jne 2f
4:
  mov HT_TCS(%r12), %rbx
  lea host_aep(%rip), %rcx
  mov $3, %eax
  jmp *HT_ENTER(%r12)                   // ERESUME
2:
  movq $0, HT_DEFERRED(%r12)
  jmp host_aep_enter
host_aep_end:
  .size host_thread_enter, . - host_thread_enter

// Entry of every signal handler: (signal, siginfo, ucontext). The FS base may be the enclave's.
  .globl host_signal_entry
  .type host_signal_entry, @function
host_signal_entry:
  mov %rsp, %rax
  and $-65536, %rax
  rdfsbase %rcx
  mov (%rax), %r8
  wrfsbase %r8
  mov 8(%rax), %r8
  sub $8, %rsp
  call host_signal                      // (signal, siginfo, ucontext, interrupted FS, HostThread*) -> FS to return with
  add $8, %rsp
  wrfsbase %rax
  ret
  .size host_signal_entry, . - host_signal_entry

  .globl host_signal_restorer
host_signal_restorer:
  mov $15, %eax
  syscall
  .section .note.GNU-stack, "", @progbits
