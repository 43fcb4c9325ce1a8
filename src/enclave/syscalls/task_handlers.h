// SPDX-License-Identifier: Apache-2.0
// Handlers for tasks, signals, identity, limits, scheduling and time. Trusted, kernel storey.
#pragma once
#include <time.h>
#include "src/enclave/syscalls/handlers.h"

namespace cloister::syscalls {
// An interrupted call with a time-out: a handler makes it EINTR, otherwise it goes on by the block.
inline Error restart_later(Task& task, const kernel::RestartBlock& block) {
  task.restart_block = block;
  return Error::from_errno(static_cast<int>(-core::kRestartBlock));
}

// signal_calls.cc
SysResult sys_rt_sigaction(Task& task, int signal, ProgramAddress action, ProgramAddress old_action,
                           std::uint64_t size);
SysResult sys_rt_sigprocmask(Task& task, int how, ProgramAddress set, ProgramAddress old_set, std::uint64_t size);
SysResult sys_rt_sigpending(Task& task, ProgramAddress set, std::uint64_t size);
SysResult sys_sigaltstack(Task& task, ProgramAddress stack, ProgramAddress old_stack);
SysResult sys_rt_sigreturn(Task& task);
SysResult sys_restart_syscall(Task& task);

// signal_waits.cc
SysResult sys_rt_sigtimedwait(Task& task, ProgramAddress set, ProgramAddress info, ProgramAddress timeout,
                              std::uint64_t size);
SysResult sys_rt_sigsuspend(Task& task, ProgramAddress set, std::uint64_t size);
SysResult sys_pause(Task&);

// signal_sending.cc
SysResult sys_kill(Task& task, std::int32_t pid, int signal);
SysResult sys_tkill(Task& task, std::int32_t tid, int signal);
SysResult sys_tgkill(Task& task, std::int32_t tgid, std::int32_t tid, int signal);
SysResult sys_rt_sigqueueinfo(Task& task, std::int32_t pid, int signal, ProgramAddress info_address);
SysResult sys_rt_tgsigqueueinfo(Task& task, std::int32_t tgid, std::int32_t tid, int signal,
                                ProgramAddress info_address);

// thread_calls.cc
SysResult sys_clone(Task& task, std::uint64_t flags, std::uint64_t stack, ProgramAddress parent_tid,
                    ProgramAddress child_tid, std::uint64_t tls);
SysResult sys_clone3(Task& task, ProgramAddress address, std::uint64_t size);
SysResult sys_exit(Task& task, int status);
SysResult sys_exit_group(Task& task, int status);
SysResult sys_gettid(Task& task);
SysResult sys_set_tid_address(Task& task, ProgramAddress address);
SysResult sys_set_robust_list(Task& task, ProgramAddress head, std::uint64_t size);
SysResult sys_get_robust_list(Task& task, std::int32_t tid, ProgramAddress head, ProgramAddress size);

// process_calls.cc
SysResult sys_fork(Task&);
SysResult sys_vfork(Task&);
SysResult sys_execve(Task&, ProgramAddress, ProgramAddress, ProgramAddress);
SysResult sys_execveat(Task&, int, ProgramAddress, ProgramAddress, ProgramAddress, int);
SysResult sys_wait4(Task&, std::int32_t, ProgramAddress, int options, ProgramAddress);
SysResult sys_waitid(Task&, int which, std::int32_t, ProgramAddress, int options, ProgramAddress);
SysResult sys_getpid(Task& task);
SysResult sys_getppid(Task& task);
SysResult sys_getpgrp(Task& task);
SysResult sys_getpgid(Task& task, std::int32_t pid);
SysResult sys_getsid(Task& task, std::int32_t pid);
SysResult sys_setpgid(Task& task, std::int32_t pid, std::int32_t group);
SysResult sys_setsid(Task& task);

// credential_calls.cc
SysResult sys_getuid(Task& task);
SysResult sys_geteuid(Task& task);
SysResult sys_getgid(Task& task);
SysResult sys_getegid(Task& task);
SysResult sys_getresuid(Task& task, ProgramAddress real, ProgramAddress effective, ProgramAddress saved);
SysResult sys_getresgid(Task& task, ProgramAddress real, ProgramAddress effective, ProgramAddress saved);
SysResult sys_setuid(Task& task, std::uint32_t uid);
SysResult sys_setgid(Task& task, std::uint32_t gid);
SysResult sys_setreuid(Task& task, std::uint32_t real, std::uint32_t effective);
SysResult sys_setregid(Task& task, std::uint32_t real, std::uint32_t effective);
SysResult sys_setresuid(Task& task, std::uint32_t real, std::uint32_t effective, std::uint32_t saved);
SysResult sys_setresgid(Task& task, std::uint32_t real, std::uint32_t effective, std::uint32_t saved);
SysResult sys_setfsuid(Task& task, std::uint32_t uid);
SysResult sys_setfsgid(Task& task, std::uint32_t gid);
SysResult sys_getgroups(Task& task, int count, ProgramAddress list);
SysResult sys_setgroups(Task& task, std::uint64_t count, ProgramAddress list);
SysResult sys_capget(Task& task, ProgramAddress header_address, ProgramAddress data);
SysResult sys_capset(Task& task, ProgramAddress header_address, ProgramAddress data);

// limit_calls.cc
SysResult sys_getrlimit(Task& task, std::uint32_t resource, ProgramAddress limit);
SysResult sys_setrlimit(Task& task, std::uint32_t resource, ProgramAddress limit);
SysResult sys_prlimit64(Task& task, std::int32_t pid, std::uint32_t resource, ProgramAddress limit,
                        ProgramAddress old_limit);
SysResult sys_getrusage(Task& task, int who, ProgramAddress usage_address);
SysResult sys_times(Task& task, ProgramAddress buffer);

// scheduling_calls.cc
SysResult sys_sched_setaffinity(Task& task, std::int32_t pid, std::uint32_t size, ProgramAddress mask);
SysResult sys_sched_getaffinity(Task& task, std::int32_t pid, std::uint32_t size, ProgramAddress mask);
SysResult sys_getcpu(Task&, ProgramAddress cpu, ProgramAddress node);
SysResult sys_sched_getscheduler(Task& task, std::int32_t pid);
SysResult sys_sched_setscheduler(Task& task, std::int32_t pid, int policy, ProgramAddress parameters);
SysResult sys_sched_getparam(Task& task, std::int32_t pid, ProgramAddress parameters);
SysResult sys_sched_setparam(Task& task, std::int32_t pid, ProgramAddress parameters);
SysResult sys_sched_get_priority_max(Task&, int policy);
SysResult sys_sched_get_priority_min(Task&, int policy);
SysResult sys_sched_rr_get_interval(Task& task, std::int32_t pid, ProgramAddress interval);
SysResult sys_getpriority(Task& task, int which, std::int32_t who);
SysResult sys_setpriority(Task& task, int which, std::int32_t who, int nice);

// system_calls.cc
SysResult sys_uname(Task&, ProgramAddress address);
SysResult sys_sysinfo(Task& task, ProgramAddress address);
SysResult sys_personality(Task& task, std::uint32_t value);
SysResult sys_getrandom(Task&, ProgramAddress buffer, std::uint64_t size, std::uint32_t flags);
SysResult sys_arch_prctl(Task& task, std::uint64_t code, std::uint64_t argument);
SysResult sys_rseq(Task&, ProgramAddress, std::uint32_t, int, std::uint32_t);
SysResult sys_sethostname(Task&, ProgramAddress, int);
SysResult sys_setdomainname(Task&, ProgramAddress, int);

// prctl_call.cc
SysResult sys_prctl(Task& task, int option, std::uint64_t a2, std::uint64_t a3, std::uint64_t a4, std::uint64_t a5);

// time_calls.cc
SysResult sys_nanosleep(Task& task, ProgramAddress request, ProgramAddress remaining);
SysResult sys_clock_nanosleep(Task& task, clockid_t clock, int flags, ProgramAddress request, ProgramAddress remaining);
SysResult sys_clock_gettime(Task& task, clockid_t clock, ProgramAddress time);
SysResult sys_clock_getres(Task& task, clockid_t clock, ProgramAddress resolution);
SysResult sys_clock_settime(Task& task, clockid_t clock, ProgramAddress time);
SysResult sys_settimeofday(Task&, ProgramAddress, ProgramAddress);
SysResult sys_gettimeofday(Task&, ProgramAddress time, ProgramAddress zone);
SysResult sys_time(Task&, ProgramAddress time);
SysResult sys_adjtimex(Task&, ProgramAddress address);
SysResult sys_clock_adjtime(Task& task, clockid_t clock, ProgramAddress address);

// timer_calls.cc
SysResult sys_getitimer(Task& task, int which, ProgramAddress current);
SysResult sys_setitimer(Task& task, int which, ProgramAddress value, ProgramAddress old_value);
SysResult sys_alarm(Task& task, std::uint32_t seconds);
SysResult sys_timer_create(Task& task, clockid_t clock, ProgramAddress event_address, ProgramAddress id_address);
SysResult sys_timer_settime(Task& task, int id, int flags, ProgramAddress value, ProgramAddress old_value);
SysResult sys_timer_gettime(Task& task, int id, ProgramAddress current);
SysResult sys_timer_getoverrun(Task& task, int id);
SysResult sys_timer_delete(Task& task, int id);
}  // namespace cloister::syscalls
