// SPDX-License-Identifier: Apache-2.0
// The dispatch of the harness: only what the tests' programs need.
#include <fcntl.h>
#include <sys/syscall.h>
#include "src/enclave/core/core_calls.h"
#include "src/enclave/net/testing/host_harness.h"
#include "src/enclave/syscalls/net_handlers.h"
#include "src/enclave/syscalls/thunk.h"

namespace cloister::testing {
namespace {
using kernel::IoVector;
using kernel::Task;
using syscalls::SysResult;

// A regular file: always ready, no member of an epoll object. Grows at its end, is read by offset.
class RegularFile final : public vfs::OpenFile {
 public:
  RegularFile() { readable = writable = true; }
  Result<std::size_t> read(Task&, const IoVector&) override { return std::size_t{0}; }
  Result<std::size_t> write(Task&, const IoVector& from) override {
    const std::size_t end = contents_.size();
    contents_.resize(end + from.size());
    TRY(from.fetch(0, contents_.data() + end, from.size()));
    return from.size();
  }
  Result<std::size_t> read_at(Task&, const IoVector& to, std::uint64_t offset) override {
    const std::size_t part = std::min(to.size(), contents_.size() - std::min<std::size_t>(offset, contents_.size()));
    TRY(to.fill(0, contents_.data() + offset, part));
    return part;
  }

 private:
  std::string contents_;
};

enum class Direction { in, out };
SysResult transfer(Task& task, int descriptor, const IoVector& memory, Direction direction) {
  const vfs::FileRef file = TRY(task.process.descriptors.get(descriptor));
  if (!(direction == Direction::in ? file->readable : file->writable)) return Error::from_errno(EBADF);
  return static_cast<std::int64_t>(
      TRY(direction == Direction::in ? file->read(task, memory) : file->write(task, memory)));
}
SysResult sys_read(Task& task, int descriptor, kernel::ProgramAddress to, std::uint64_t size) {
  return transfer(task, descriptor, IoVector::program(to, size), Direction::in);
}
SysResult sys_write(Task& task, int descriptor, kernel::ProgramAddress from, std::uint64_t size) {
  return transfer(task, descriptor, IoVector::program(from, size), Direction::out);
}
SysResult sys_readv(Task& task, int descriptor, kernel::ProgramAddress vectors, std::uint64_t count) {
  return transfer(task, descriptor, TRY(IoVector::load(vectors, count)), Direction::in);
}
SysResult sys_writev(Task& task, int descriptor, kernel::ProgramAddress vectors, std::uint64_t count) {
  return transfer(task, descriptor, TRY(IoVector::load(vectors, count)), Direction::out);
}
SysResult sys_pread64(Task& task, int descriptor, kernel::ProgramAddress to, std::uint64_t size, std::uint64_t offset) {
  return static_cast<std::int64_t>(
      TRY(TRY(task.process.descriptors.get(descriptor))->read_at(task, IoVector::program(to, size), offset)));
}
SysResult sys_lseek(Task& task, int descriptor, std::int64_t offset, int whence) {
  return TRY(TRY(task.process.descriptors.get(descriptor))->seek(offset, whence));
}
SysResult sys_close(Task& task, int descriptor) {
  TRY(task.process.descriptors.close(descriptor));
  return 0;
}
SysResult sys_dup(Task& task, int descriptor) {
  return TRY(task.process.descriptors.install(TRY(task.process.descriptors.get(descriptor)), kernel::CloseOnExec::no));
}
SysResult sys_open(Task& task, kernel::ProgramAddress, int, int) {
  return TRY(task.process.descriptors.install(vfs::FileRef(new RegularFile), kernel::CloseOnExec::no));
}
SysResult sys_fcntl(Task& task, int descriptor, int command, std::uint64_t argument) {
  const vfs::FileRef file = TRY(task.process.descriptors.get(descriptor));
  switch (command) {
    case F_GETFD:
      return TRY(task.process.descriptors.close_on_exec(descriptor)) == kernel::CloseOnExec::yes ? FD_CLOEXEC : 0;
    case F_GETFL: return file->status_flags.load();
    case F_SETFL: TRY(file->set_status_flags(static_cast<std::uint32_t>(argument))); return 0;
    case F_GETPIPE_SZ: return TRY(file->pipe_capacity());
    case F_SETPIPE_SZ: return TRY(file->set_pipe_capacity(argument));
    default: return Error::from_errno(EINVAL);
  }
}

// The standard streams, so that numbers are as in a program.
bool take_standard_streams(Task& task) {
  for (int i = 0; i < 3; ++i)
    (void)task.process.descriptors.install(vfs::FileRef(new RegularFile), kernel::CloseOnExec::no);
  return true;
}

// One row of the dispatch: a handler of the kernel storey, or one from above.
// The formatter goes back and forth between two forms of these.
// clang-format off
#define CALL(name) case SYS_##name: return syscalls::thunk<&syscalls::sys_##name>(task, context);
#define OWN(name) case SYS_##name: return syscalls::thunk<&sys_##name>(task, context);
// clang-format on

long kernel_path(long number, Task& task, const core::ProgramContext& context) {
  // clang-format off
  switch (number) {
    OWN(read) OWN(write) OWN(readv) OWN(writev) OWN(pread64) OWN(lseek) OWN(close) OWN(dup) OWN(open) OWN(fcntl)
    CALL(socket) CALL(socketpair) CALL(bind) CALL(listen) CALL(accept) CALL(accept4) CALL(connect) CALL(shutdown)
    CALL(getsockname) CALL(getpeername) CALL(setsockopt) CALL(getsockopt) CALL(sendto) CALL(recvfrom) CALL(sendmsg)
    CALL(recvmsg) CALL(sendmmsg) CALL(recvmmsg) CALL(pipe) CALL(pipe2) CALL(eventfd2) CALL(timerfd_create)
    CALL(timerfd_settime) CALL(timerfd_gettime) CALL(epoll_create) CALL(epoll_create1) CALL(epoll_ctl)
    CALL(epoll_wait) CALL(epoll_pwait) CALL(epoll_pwait2) CALL(poll) CALL(ppoll) CALL(select) CALL(pselect6)
    CALL(ioctl)
    default: return -ENOSYS;
  }
  // clang-format on
}

long fast_path(long number, core::Thread* thread, core::ProgramContext* context) {
  switch (number) {
    case SYS_read: return core::run_core_call(core::fast_read, thread, context);
    case SYS_write: return core::run_core_call(core::fast_write, thread, context);
    case SYS_sendto: return core::run_core_call(core::fast_sendto, thread, context);
    case SYS_recvfrom: return core::run_core_call(core::fast_recvfrom, thread, context);
    case SYS_epoll_wait: return core::fast_epoll_wait(thread, context);
    case SYS_epoll_pwait: return core::fast_epoll_pwait(thread, context);
    case SYS_poll: return core::fast_poll(thread, context);
    default: return core::kTakeKernelPath;
  }
}
}  // namespace

long system_call(long number, std::uint64_t a0, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3, std::uint64_t a4,
                 std::uint64_t a5) {
  Task& task = current_task();
  static const bool begun = take_standard_streams(task);
  (void)begun;
  core::ProgramContext context{};
  context.rdi = a0, context.rsi = a1, context.rdx = a2, context.r10 = a3, context.r8 = a4, context.r9 = a5;
  long result = fast_path(number, task.thread, &context);
  if (result == core::kTakeKernelPath) result = kernel_path(number, task, context);
  return result <= core::kRestartSys && result >= core::kRestartBlock ? -EINTR : result;
}
}  // namespace cloister::testing
