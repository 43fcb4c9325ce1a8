// SPDX-License-Identifier: Apache-2.0
// Every system-call handler, in the order of Linux's numbers; the table's rows name them. The files that define them
// include this, so that a definition that differs does not link by accident.
#pragma once
#include "src/enclave/syscalls/handlers.h"

namespace cloister::syscalls {
SysResult sys_read(Task& task, int descriptor, ProgramAddress to, std::uint64_t size);
SysResult sys_write(Task& task, int descriptor, ProgramAddress from, std::uint64_t size);
SysResult sys_open(Task& task, ProgramAddress path, std::uint32_t flags, std::uint32_t mode);
SysResult sys_close(Task& task, int descriptor);
SysResult sys_stat(Task& task, ProgramAddress path, ProgramAddress status);
SysResult sys_fstat(Task& task, int descriptor, ProgramAddress status);
SysResult sys_lstat(Task& task, ProgramAddress path, ProgramAddress status);
SysResult sys_poll(Task& task, ProgramAddress descriptors, std::uint32_t count, int time_out);
SysResult sys_lseek(Task& task, int descriptor, std::int64_t offset, int whence);
SysResult sys_mmap(Task& task, std::uint64_t address, std::uint64_t size, int protection, int flags, int descriptor,
                   std::uint64_t offset);
SysResult sys_mprotect(Task& task, std::uint64_t address, std::uint64_t size, int protection);
SysResult sys_munmap(Task& task, std::uint64_t address, std::uint64_t size);
SysResult sys_brk(Task& task, std::uint64_t address);
SysResult sys_rt_sigaction(Task& task, int signal, ProgramAddress action, ProgramAddress old_action,
                           std::uint64_t size);
SysResult sys_rt_sigprocmask(Task& task, int how, ProgramAddress set, ProgramAddress old_set, std::uint64_t size);
SysResult sys_rt_sigreturn(Task& task);
SysResult sys_ioctl(Task& task, int descriptor, std::uint32_t request, ProgramAddress argument);
SysResult sys_pread64(Task& task, int descriptor, ProgramAddress to, std::uint64_t size, std::int64_t offset);
SysResult sys_pwrite64(Task& task, int descriptor, ProgramAddress from, std::uint64_t size, std::int64_t offset);
SysResult sys_readv(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count);
SysResult sys_writev(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count);
SysResult sys_access(Task& task, ProgramAddress path, std::uint32_t mode);
SysResult sys_pipe(Task& task, ProgramAddress descriptors);
SysResult sys_select(Task& task, int count, ProgramAddress in, ProgramAddress out, ProgramAddress exceptional,
                     ProgramAddress time_out);
SysResult sys_sched_yield(Task& task);
SysResult sys_mremap(Task& task, std::uint64_t old_address, std::uint64_t old_size, std::uint64_t new_size, int flags,
                     std::uint64_t new_address);
SysResult sys_msync(Task& task, std::uint64_t address, std::uint64_t size, int flags);
SysResult sys_mincore(Task& task, std::uint64_t address, std::uint64_t size, ProgramAddress vector);
SysResult sys_madvise(Task& task, std::uint64_t address, std::uint64_t size, int advice);
SysResult sys_dup(Task& task, int descriptor);
SysResult sys_dup2(Task& task, int descriptor, int target);
SysResult sys_pause(Task&);
SysResult sys_nanosleep(Task& task, ProgramAddress request, ProgramAddress remaining);
SysResult sys_getitimer(Task& task, int which, ProgramAddress current);
SysResult sys_alarm(Task& task, std::uint32_t seconds);
SysResult sys_setitimer(Task& task, int which, ProgramAddress value, ProgramAddress old_value);
SysResult sys_getpid(Task& task);
SysResult sys_sendfile(Task& task, int to, int from, ProgramAddress offset_address, std::uint64_t size);
SysResult sys_socket(Task& task, int family, int type, int protocol);
SysResult sys_connect(Task& task, int descriptor, ProgramAddress address, std::int32_t size);
SysResult sys_accept(Task& task, int descriptor, ProgramAddress address, ProgramAddress size);
SysResult sys_sendto(Task& task, int descriptor, ProgramAddress data, std::uint64_t size, int flags,
                     ProgramAddress address, std::int32_t address_size);
SysResult sys_recvfrom(Task& task, int descriptor, ProgramAddress data, std::uint64_t size, int flags,
                       ProgramAddress address, ProgramAddress address_size);
SysResult sys_sendmsg(Task& task, int descriptor, ProgramAddress header, int flags);
SysResult sys_recvmsg(Task& task, int descriptor, ProgramAddress header, int flags);
SysResult sys_shutdown(Task& task, int descriptor, int how);
SysResult sys_bind(Task& task, int descriptor, ProgramAddress address, std::int32_t size);
SysResult sys_listen(Task& task, int descriptor, int backlog);
SysResult sys_getsockname(Task& task, int descriptor, ProgramAddress address, ProgramAddress size);
SysResult sys_getpeername(Task& task, int descriptor, ProgramAddress address, ProgramAddress size);
SysResult sys_socketpair(Task& task, int family, int type, int protocol, ProgramAddress descriptors);
SysResult sys_setsockopt(Task& task, int descriptor, int level, int name, ProgramAddress value, std::int32_t size);
SysResult sys_getsockopt(Task& task, int descriptor, int level, int name, ProgramAddress value, ProgramAddress size);
SysResult sys_clone(Task& task, std::uint64_t flags, std::uint64_t stack, ProgramAddress parent_tid,
                    ProgramAddress child_tid, std::uint64_t tls);
SysResult sys_fork(Task&);
SysResult sys_vfork(Task&);
SysResult sys_execve(Task&, ProgramAddress, ProgramAddress, ProgramAddress);
SysResult sys_exit(Task& task, int status);
SysResult sys_wait4(Task&, std::int32_t, ProgramAddress, int options, ProgramAddress);
SysResult sys_kill(Task& task, std::int32_t pid, int signal);
SysResult sys_uname(Task&, ProgramAddress address);
SysResult sys_fcntl(Task& task, int descriptor, int command, std::uint64_t argument);
SysResult sys_flock(Task& task, int descriptor, int operation);
SysResult sys_fsync(Task& task, int descriptor);
SysResult sys_fdatasync(Task& task, int descriptor);
SysResult sys_truncate(Task& task, ProgramAddress path, std::int64_t size);
SysResult sys_ftruncate(Task& task, int descriptor, std::int64_t size);
SysResult sys_getdents(Task& task, int descriptor, ProgramAddress buffer, std::uint32_t size);
SysResult sys_getcwd(Task& task, ProgramAddress buffer, std::uint64_t size);
SysResult sys_chdir(Task& task, ProgramAddress path);
SysResult sys_fchdir(Task& task, int descriptor);
SysResult sys_rename(Task& task, ProgramAddress from, ProgramAddress to);
SysResult sys_mkdir(Task& task, ProgramAddress path, std::uint32_t mode);
SysResult sys_rmdir(Task& task, ProgramAddress path);
SysResult sys_creat(Task& task, ProgramAddress path, std::uint32_t mode);
SysResult sys_link(Task& task, ProgramAddress from, ProgramAddress to);
SysResult sys_unlink(Task& task, ProgramAddress path);
SysResult sys_symlink(Task& task, ProgramAddress target, ProgramAddress path);
SysResult sys_readlink(Task& task, ProgramAddress path, ProgramAddress buffer, int size);
SysResult sys_chmod(Task& task, ProgramAddress path, std::uint32_t mode);
SysResult sys_fchmod(Task& task, int descriptor, std::uint32_t mode);
SysResult sys_chown(Task& task, ProgramAddress path, std::uint32_t user, std::uint32_t group);
SysResult sys_fchown(Task& task, int descriptor, std::uint32_t user, std::uint32_t group);
SysResult sys_lchown(Task& task, ProgramAddress path, std::uint32_t user, std::uint32_t group);
SysResult sys_umask(Task& task, std::uint32_t mask);
SysResult sys_gettimeofday(Task&, ProgramAddress time, ProgramAddress zone);
SysResult sys_getrlimit(Task& task, std::uint32_t resource, ProgramAddress limit);
SysResult sys_getrusage(Task& task, int who, ProgramAddress usage_address);
SysResult sys_sysinfo(Task& task, ProgramAddress address);
SysResult sys_times(Task& task, ProgramAddress buffer);
SysResult sys_getuid(Task& task);
SysResult sys_getgid(Task& task);
SysResult sys_setuid(Task& task, std::uint32_t uid);
SysResult sys_setgid(Task& task, std::uint32_t gid);
SysResult sys_geteuid(Task& task);
SysResult sys_getegid(Task& task);
SysResult sys_setpgid(Task& task, std::int32_t pid, std::int32_t group);
SysResult sys_getppid(Task& task);
SysResult sys_getpgrp(Task& task);
SysResult sys_setsid(Task& task);
SysResult sys_setreuid(Task& task, std::uint32_t real, std::uint32_t effective);
SysResult sys_setregid(Task& task, std::uint32_t real, std::uint32_t effective);
SysResult sys_getgroups(Task& task, int count, ProgramAddress list);
SysResult sys_setgroups(Task& task, std::uint64_t count, ProgramAddress list);
SysResult sys_setresuid(Task& task, std::uint32_t real, std::uint32_t effective, std::uint32_t saved);
SysResult sys_getresuid(Task& task, ProgramAddress real, ProgramAddress effective, ProgramAddress saved);
SysResult sys_setresgid(Task& task, std::uint32_t real, std::uint32_t effective, std::uint32_t saved);
SysResult sys_getresgid(Task& task, ProgramAddress real, ProgramAddress effective, ProgramAddress saved);
SysResult sys_getpgid(Task& task, std::int32_t pid);
SysResult sys_setfsuid(Task& task, std::uint32_t uid);
SysResult sys_setfsgid(Task& task, std::uint32_t gid);
SysResult sys_getsid(Task& task, std::int32_t pid);
SysResult sys_capget(Task& task, ProgramAddress header_address, ProgramAddress data);
SysResult sys_capset(Task& task, ProgramAddress header_address, ProgramAddress data);
SysResult sys_rt_sigpending(Task& task, ProgramAddress set, std::uint64_t size);
SysResult sys_rt_sigtimedwait(Task& task, ProgramAddress set, ProgramAddress info, ProgramAddress timeout,
                              std::uint64_t size);
SysResult sys_rt_sigqueueinfo(Task& task, std::int32_t pid, int signal, ProgramAddress info_address);
SysResult sys_rt_sigsuspend(Task& task, ProgramAddress set, std::uint64_t size);
SysResult sys_sigaltstack(Task& task, ProgramAddress stack, ProgramAddress old_stack);
SysResult sys_utime(Task& task, ProgramAddress path, ProgramAddress address);
SysResult sys_mknod(Task& task, ProgramAddress path, std::uint32_t mode, std::uint64_t device);
SysResult sys_personality(Task& task, std::uint32_t value);
SysResult sys_statfs(Task& task, ProgramAddress path, ProgramAddress status);
SysResult sys_fstatfs(Task& task, int descriptor, ProgramAddress status);
SysResult sys_getpriority(Task& task, int which, std::int32_t who);
SysResult sys_setpriority(Task& task, int which, std::int32_t who, int nice);
SysResult sys_sched_setparam(Task& task, std::int32_t pid, ProgramAddress parameters);
SysResult sys_sched_getparam(Task& task, std::int32_t pid, ProgramAddress parameters);
SysResult sys_sched_setscheduler(Task& task, std::int32_t pid, int policy, ProgramAddress parameters);
SysResult sys_sched_getscheduler(Task& task, std::int32_t pid);
SysResult sys_sched_get_priority_max(Task&, int policy);
SysResult sys_sched_get_priority_min(Task&, int policy);
SysResult sys_sched_rr_get_interval(Task& task, std::int32_t pid, ProgramAddress interval);
SysResult sys_mlock(Task& task, std::uint64_t address, std::uint64_t size);
SysResult sys_munlock(Task& task, std::uint64_t address, std::uint64_t size);
SysResult sys_mlockall(Task&, int flags);
SysResult sys_munlockall(Task&);
SysResult sys_prctl(Task& task, int option, std::uint64_t a2, std::uint64_t a3, std::uint64_t a4, std::uint64_t a5);
SysResult sys_arch_prctl(Task& task, std::uint64_t code, std::uint64_t argument);
SysResult sys_adjtimex(Task&, ProgramAddress address);
SysResult sys_setrlimit(Task& task, std::uint32_t resource, ProgramAddress limit);
SysResult sys_chroot(Task& task, ProgramAddress path);
SysResult sys_sync(Task&);
SysResult sys_settimeofday(Task&, ProgramAddress, ProgramAddress);
SysResult sys_sethostname(Task&, ProgramAddress, int);
SysResult sys_setdomainname(Task&, ProgramAddress, int);
SysResult sys_gettid(Task& task);
SysResult sys_readahead(Task& task, int descriptor, std::int64_t, std::uint64_t);
SysResult sys_setxattr(Task& task, ProgramAddress path, ProgramAddress, ProgramAddress, std::uint64_t, int);
SysResult sys_lsetxattr(Task& task, ProgramAddress path, ProgramAddress, ProgramAddress, std::uint64_t, int);
SysResult sys_fsetxattr(Task& task, int descriptor, ProgramAddress, ProgramAddress, std::uint64_t, int);
SysResult sys_getxattr(Task& task, ProgramAddress path, ProgramAddress, ProgramAddress, std::uint64_t);
SysResult sys_lgetxattr(Task& task, ProgramAddress path, ProgramAddress, ProgramAddress, std::uint64_t);
SysResult sys_fgetxattr(Task& task, int descriptor, ProgramAddress, ProgramAddress, std::uint64_t);
SysResult sys_listxattr(Task& task, ProgramAddress path, ProgramAddress, std::uint64_t);
SysResult sys_llistxattr(Task& task, ProgramAddress path, ProgramAddress, std::uint64_t);
SysResult sys_flistxattr(Task& task, int descriptor, ProgramAddress, std::uint64_t);
SysResult sys_removexattr(Task& task, ProgramAddress path, ProgramAddress);
SysResult sys_lremovexattr(Task& task, ProgramAddress path, ProgramAddress);
SysResult sys_fremovexattr(Task& task, int descriptor, ProgramAddress);
SysResult sys_tkill(Task& task, std::int32_t tid, int signal);
SysResult sys_time(Task&, ProgramAddress time);
SysResult sys_futex(Task& task, ProgramAddress);
SysResult sys_sched_setaffinity(Task& task, std::int32_t pid, std::uint32_t size, ProgramAddress mask);
SysResult sys_sched_getaffinity(Task& task, std::int32_t pid, std::uint32_t size, ProgramAddress mask);
SysResult sys_epoll_create(Task& task, int size);
SysResult sys_getdents64(Task& task, int descriptor, ProgramAddress buffer, std::uint32_t size);
SysResult sys_set_tid_address(Task& task, ProgramAddress address);
SysResult sys_restart_syscall(Task& task);
SysResult sys_fadvise64(Task& task, int descriptor, std::int64_t, std::int64_t size, int advice);
SysResult sys_timer_create(Task& task, clockid_t clock, ProgramAddress event_address, ProgramAddress id_address);
SysResult sys_timer_settime(Task& task, int id, int flags, ProgramAddress value, ProgramAddress old_value);
SysResult sys_timer_gettime(Task& task, int id, ProgramAddress current);
SysResult sys_timer_getoverrun(Task& task, int id);
SysResult sys_timer_delete(Task& task, int id);
SysResult sys_clock_settime(Task& task, clockid_t clock, ProgramAddress time);
SysResult sys_clock_gettime(Task& task, clockid_t clock, ProgramAddress time);
SysResult sys_clock_getres(Task& task, clockid_t clock, ProgramAddress resolution);
SysResult sys_clock_nanosleep(Task& task, clockid_t clock, int flags, ProgramAddress request, ProgramAddress remaining);
SysResult sys_exit_group(Task& task, int status);
SysResult sys_epoll_wait(Task& task, int epoll, ProgramAddress events, int count, int time_out);
SysResult sys_epoll_ctl(Task& task, int epoll, int operation, int descriptor, ProgramAddress event_address);
SysResult sys_tgkill(Task& task, std::int32_t tgid, std::int32_t tid, int signal);
SysResult sys_utimes(Task& task, ProgramAddress path, ProgramAddress address);
SysResult sys_waitid(Task&, int which, std::int32_t, ProgramAddress, int options, ProgramAddress);
SysResult sys_ioprio_set(Task& task, int which, std::int32_t who, int priority);
SysResult sys_ioprio_get(Task& task, int which, std::int32_t who);
SysResult sys_openat(Task& task, int directory, ProgramAddress path, std::uint32_t flags, std::uint32_t mode);
SysResult sys_mkdirat(Task& task, int directory, ProgramAddress path, std::uint32_t mode);
SysResult sys_mknodat(Task& task, int directory, ProgramAddress path, std::uint32_t mode, std::uint64_t);
SysResult sys_fchownat(Task& task, int directory, ProgramAddress path, std::uint32_t user, std::uint32_t group,
                       int flags);
SysResult sys_futimesat(Task& task, int directory, ProgramAddress path, ProgramAddress address);
SysResult sys_newfstatat(Task& task, int directory, ProgramAddress path, ProgramAddress status, int flags);
SysResult sys_unlinkat(Task& task, int directory, ProgramAddress path, int flags);
SysResult sys_renameat(Task& task, int from_directory, ProgramAddress from, int to_directory, ProgramAddress to);
SysResult sys_linkat(Task& task, int from_directory, ProgramAddress from, int to_directory, ProgramAddress to,
                     int flags);
SysResult sys_symlinkat(Task& task, ProgramAddress target, int directory, ProgramAddress path);
SysResult sys_readlinkat(Task& task, int directory, ProgramAddress path, ProgramAddress buffer, int size);
SysResult sys_fchmodat(Task& task, int directory, ProgramAddress path, std::uint32_t mode);
SysResult sys_faccessat(Task& task, int directory, ProgramAddress path, std::uint32_t mode);
SysResult sys_pselect6(Task& task, int count, ProgramAddress in, ProgramAddress out, ProgramAddress exceptional,
                       ProgramAddress time_out, ProgramAddress mask);
SysResult sys_ppoll(Task& task, ProgramAddress descriptors, std::uint32_t count, ProgramAddress time_out,
                    ProgramAddress mask, std::uint64_t mask_size);
SysResult sys_set_robust_list(Task& task, ProgramAddress head, std::uint64_t size);
SysResult sys_get_robust_list(Task& task, std::int32_t tid, ProgramAddress head, ProgramAddress size);
SysResult sys_splice(Task& task, int from, ProgramAddress from_offset, int to, ProgramAddress to_offset,
                     std::uint64_t size, std::uint32_t flags);
SysResult sys_tee(Task& task, int from, int to, std::uint64_t size, std::uint32_t flags);
SysResult sys_sync_file_range(Task& task, int descriptor, std::int64_t offset, std::int64_t size, std::uint32_t flags);
SysResult sys_vmsplice(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::uint32_t flags);
SysResult sys_utimensat(Task& task, int directory, ProgramAddress path, ProgramAddress address, int flags);
SysResult sys_epoll_pwait(Task& task, int epoll, ProgramAddress events, int count, int time_out, ProgramAddress mask,
                          std::uint64_t mask_size);
SysResult sys_signalfd(Task& task, int descriptor, ProgramAddress set, std::uint64_t size);
SysResult sys_timerfd_create(Task& task, int clock, int flags);
SysResult sys_eventfd(Task& task, std::uint32_t count);
SysResult sys_fallocate(Task& task, int descriptor, int mode, std::int64_t offset, std::int64_t size);
SysResult sys_timerfd_settime(Task& task, int descriptor, int flags, ProgramAddress setting,
                              ProgramAddress old_setting);
SysResult sys_timerfd_gettime(Task& task, int descriptor, ProgramAddress setting);
SysResult sys_accept4(Task& task, int descriptor, ProgramAddress address, ProgramAddress size, int flags);
SysResult sys_signalfd4(Task& task, int descriptor, ProgramAddress set, std::uint64_t size, int flags);
SysResult sys_eventfd2(Task& task, std::uint32_t count, int flags);
SysResult sys_epoll_create1(Task& task, int flags);
SysResult sys_dup3(Task& task, int descriptor, int target, std::uint32_t flags);
SysResult sys_pipe2(Task& task, ProgramAddress descriptors, int flags);
SysResult sys_preadv(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset);
SysResult sys_pwritev(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset);
SysResult sys_rt_tgsigqueueinfo(Task& task, std::int32_t tgid, std::int32_t tid, int signal,
                                ProgramAddress info_address);
SysResult sys_recvmmsg(Task& task, int descriptor, ProgramAddress messages, std::uint32_t count, int flags,
                       ProgramAddress time_out);
SysResult sys_prlimit64(Task& task, std::int32_t pid, std::uint32_t resource, ProgramAddress limit,
                        ProgramAddress old_limit);
SysResult sys_clock_adjtime(Task& task, clockid_t clock, ProgramAddress address);
SysResult sys_syncfs(Task& task, int descriptor);
SysResult sys_sendmmsg(Task& task, int descriptor, ProgramAddress messages, std::uint32_t count, int flags);
SysResult sys_getcpu(Task&, ProgramAddress cpu, ProgramAddress node);
SysResult sys_sched_setattr(Task& task, std::int32_t pid, ProgramAddress address, std::uint32_t flags);
SysResult sys_sched_getattr(Task& task, std::int32_t pid, ProgramAddress address, std::uint32_t size,
                            std::uint32_t flags);
SysResult sys_renameat2(Task& task, int from_directory, ProgramAddress from, int to_directory, ProgramAddress to,
                        std::uint32_t flags);
SysResult sys_getrandom(Task&, ProgramAddress buffer, std::uint64_t size, std::uint32_t flags);
SysResult sys_memfd_create(Task& task, ProgramAddress name_address, std::uint32_t flags);
SysResult sys_execveat(Task&, int, ProgramAddress, ProgramAddress, ProgramAddress, int);
SysResult sys_membarrier(Task&, int command, std::uint32_t flags);
SysResult sys_mlock2(Task& task, std::uint64_t address, std::uint64_t size, int flags);
SysResult sys_copy_file_range(Task& task, int from, ProgramAddress from_offset, int to, ProgramAddress to_offset,
                              std::uint64_t size, std::uint32_t flags);
SysResult sys_preadv2(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset,
                      std::uint64_t, std::uint32_t flags);
SysResult sys_pwritev2(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset,
                       std::uint64_t, std::uint32_t flags);
SysResult sys_statx(Task& task, int directory, ProgramAddress path, int flags, std::uint32_t mask,
                    ProgramAddress status);
SysResult sys_rseq(Task&, ProgramAddress, std::uint32_t, int, std::uint32_t);
SysResult sys_clone3(Task& task, ProgramAddress address, std::uint64_t size);
SysResult sys_close_range(Task& task, std::uint32_t first, std::uint32_t last, std::uint32_t flags);
SysResult sys_openat2(Task& task, int directory, ProgramAddress path, ProgramAddress how_address, std::uint64_t size);
SysResult sys_faccessat2(Task& task, int directory, ProgramAddress path, std::uint32_t mode, int flags);
SysResult sys_epoll_pwait2(Task& task, int epoll, ProgramAddress events, int count, ProgramAddress time_out,
                           ProgramAddress mask, std::uint64_t mask_size);
}  // namespace cloister::syscalls
