// SPDX-License-Identifier: Apache-2.0
#include "fuzz/boundary/system_call.h"
#include <sys/syscall.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include "fuzz/boundary/program_memory.h"
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/write_behind.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/syscalls/file_handlers.h"
#include "src/enclave/syscalls/handler_list.h"
#include "src/enclave/syscalls/net_handlers.h"
#include "src/enclave/syscalls/thunk.h"

namespace cloister::fuzz {
namespace {
long fast_path(long number, core::Thread* thread, core::ProgramContext* context) {
  switch (number) {
    case SYS_read: return core::run_core_call(core::fast_read, thread, context);
    case SYS_write: return core::run_core_call(core::fast_write, thread, context);
    case SYS_sendto: return core::run_core_call(core::fast_sendto, thread, context);
    case SYS_recvfrom: return core::run_core_call(core::fast_recvfrom, thread, context);
    case SYS_pread64: return core::run_core_call(core::fast_pread64, thread, context);
    case SYS_pwrite64: return core::run_core_call(core::fast_pwrite64, thread, context);
    case SYS_writev: return core::run_core_call(core::fast_writev, thread, context);
    case SYS_sendmsg: return core::run_core_call(core::fast_sendmsg, thread, context);
    case SYS_sendfile: return core::run_core_call(core::fast_sendfile, thread, context);
    case SYS_fstat: return core::fast_fstat(thread, context);
    case SYS_epoll_wait: return core::fast_epoll_wait(thread, context);
    case SYS_poll: return core::fast_poll(thread, context);
    default: return core::kTakeKernelPath;
  }
}

// clang-format off
#define CALL(name) case SYS_##name: return syscalls::thunk<&syscalls::sys_##name>(task, context);
long kernel_path(long number, kernel::Task& task, const core::ProgramContext& context) {
  switch (number) {
    CALL(accept4) CALL(access) CALL(bind) CALL(chmod) CALL(chown) CALL(close) CALL(connect) CALL(copy_file_range) CALL(dup)
    CALL(epoll_create1) CALL(epoll_ctl) CALL(epoll_pwait2) CALL(epoll_wait) CALL(eventfd2) CALL(fallocate)
    CALL(fchmod) CALL(fchown) CALL(fcntl) CALL(fdatasync) CALL(flock) CALL(fstat) CALL(fstatfs) CALL(fsync)
    CALL(ftruncate) CALL(getdents64) CALL(getpeername) CALL(getsockname) CALL(getsockopt) CALL(ioctl) CALL(link)
    CALL(listen) CALL(lseek) CALL(lstat) CALL(mkdir) CALL(mknod) CALL(open) CALL(pipe2) CALL(poll) CALL(pread64)
    CALL(preadv) CALL(pwrite64) CALL(read) CALL(readlink) CALL(readv) CALL(recvfrom) CALL(recvmmsg) CALL(recvmsg)
    CALL(rename) CALL(rmdir) CALL(select) CALL(sendfile) CALL(sendmsg) CALL(sendto) CALL(setsockopt) CALL(shutdown)
    CALL(socket) CALL(socketpair) CALL(splice) CALL(stat) CALL(statfs) CALL(statx) CALL(symlink) CALL(sync) CALL(sync_file_range)
    CALL(syncfs) CALL(truncate) CALL(unlink) CALL(utimensat) CALL(utimes) CALL(write) CALL(writev)
    default: std::abort();
  }
}
// clang-format on

// The program passes good descriptors and addresses alone, so these can come from nobody but a host that was believed.
void require_possible(long number, long result) {
  if (result >= 0) return;
  if (result == -EFAULT && is_memory_missing()) return;
  if (number == SYS_copy_file_range && result == -EBADF) return;  // Linux's word for a target with O_APPEND
  if (result <= -134 || result == -EBADF || result == -EFAULT || result == -ENOTSOCK || result == -ENOSYS) {
    std::fprintf(stderr, "system call %ld gave %ld\n", number, result);
    std::abort();
  }
}
}  // namespace

long dispatch(kernel::Task& task, long number, const std::uint64_t (&arguments)[6]) {
  core::ProgramContext context{};
  context.rdi = arguments[0], context.rsi = arguments[1], context.rdx = arguments[2];
  context.r10 = arguments[3], context.r8 = arguments[4], context.r9 = arguments[5];
  long result = fast_path(number, task.thread, &context);
  if (result == core::kTakeKernelPath) result = kernel_path(number, task, context);
  // What the way back to the program does with a thread's work.
  if (task.thread->work != 0) core::flush_sends(task.thread);
  task.thread->work = 0;
  task.thread->host_signals = 0;
  if (result <= core::kRestartSys && result >= core::kRestartBlock) result = -EINTR;
  require_possible(number, result);
  end_call();
  return result;
}
}  // namespace cloister::fuzz

// The program never asks for another signal mask.
namespace cloister::kernel {
Result<void> begin_temporary_mask(Task&, ProgramAddress, std::uint64_t) { return {}; }
void end_temporary_mask(Task&, Wait) {}
}  // namespace cloister::kernel
