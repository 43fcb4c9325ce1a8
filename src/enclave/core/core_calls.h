// SPDX-License-Identifier: Apache-2.0
// The calls that are answered wholly in the core: data that only passes through, identity, time, futex. They use
// general registers only, so nothing of the program's state needs saving. Trusted, freestanding.
#pragma once
#include "src/enclave/core/thread.h"

namespace cloister::core {
long fast_read(Thread*, ProgramContext*);
long fast_write(Thread*, ProgramContext*);
long fast_pread64(Thread*, ProgramContext*);
long fast_pwrite64(Thread*, ProgramContext*);
long fast_writev(Thread*, ProgramContext*);
long fast_recvfrom(Thread*, ProgramContext*);
long fast_sendto(Thread*, ProgramContext*);
long fast_sendmsg(Thread*, ProgramContext*);
long fast_getpid(Thread*, ProgramContext*);
long fast_gettid(Thread*, ProgramContext*);
long fast_clock_gettime(Thread*, ProgramContext*);
long fast_gettimeofday(Thread*, ProgramContext*);
long fast_time(Thread*, ProgramContext*);
long fast_futex(Thread*, ProgramContext*);
long fast_sched_yield(Thread*, ProgramContext*);
long fast_arch_prctl(Thread*, ProgramContext*);
long fast_epoll_wait(Thread*, ProgramContext*);
long fast_epoll_pwait(Thread*, ProgramContext*);
long fast_poll(Thread*, ProgramContext*);
}  // namespace cloister::core
