// SPDX-License-Identifier: Apache-2.0
// The calls that are answered wholly in the core: data that only passes through, identity, time, futex. They use
// general registers only, so nothing of the program's state needs saving. What servers call all the time lies together
// with the entries (gnu::hot): the host kernel leaves little of it in the first-level caches. Trusted, freestanding.
#pragma once
#include "src/enclave/core/thread.h"

namespace cloister::core {
// A handler's whole work, for callers that are no assembly: with the host calls that it asks for.
long run_core_call(long (*handler)(Thread*, ProgramContext*), Thread*, ProgramContext*);

[[gnu::hot]] long fast_read(Thread*, ProgramContext*);
[[gnu::hot]] long fast_write(Thread*, ProgramContext*);
[[gnu::hot]] long fast_pread64(Thread*, ProgramContext*);
long fast_pwrite64(Thread*, ProgramContext*);
[[gnu::hot]] long fast_writev(Thread*, ProgramContext*);
[[gnu::hot]] long fast_recvfrom(Thread*, ProgramContext*);
[[gnu::hot]] long fast_sendto(Thread*, ProgramContext*);
[[gnu::hot]] long fast_sendmsg(Thread*, ProgramContext*);
long fast_sendfile(Thread*, ProgramContext*);
long fast_getpid(Thread*, ProgramContext*);
long fast_gettid(Thread*, ProgramContext*);
long fast_clock_gettime(Thread*, ProgramContext*);
long fast_gettimeofday(Thread*, ProgramContext*);
long fast_time(Thread*, ProgramContext*);
[[gnu::hot]] long fast_fstat(Thread*, ProgramContext*);
[[gnu::hot]] long fast_newfstatat(Thread*, ProgramContext*);
long fast_futex(Thread*, ProgramContext*);
long fast_sched_yield(Thread*, ProgramContext*);
long fast_arch_prctl(Thread*, ProgramContext*);
[[gnu::hot]] long fast_epoll_wait(Thread*, ProgramContext*);
long fast_epoll_pwait(Thread*, ProgramContext*);
long fast_poll(Thread*, ProgramContext*);
}  // namespace cloister::core
