// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_stream.h"
#include <poll.h>
#include <signal.h>
#include "src/enclave/kernel/signals.h"
#include "src/enclave/vfs/devices.h"
#include "src/enclave/vfs/poll.h"
#include "src/enclave/vfs/terminal.h"

namespace cloister::vfs {

HostStream::HostStream(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags)
    : HostObject(std::move(descriptor), status, flags), character_device_(S_ISCHR(status.st_mode)) {
  kind = core::FileKind::host_stream;
}

// One host call: a stream gives what it has.
Result<std::size_t> HostStream::read(Task&, const IoVector& to) {
  return transfer_in(HostCall::read, host(), to.size() > kBounceSize ? to.slice(0, kBounceSize) : to, 0, Advance::no,
                     Interruptible::yes);
}
Result<std::size_t> HostStream::write(Task& task, const IoVector& from) {
  auto written = transfer_out(HostCall::write, host(), from, 0, Advance::no, Interruptible::yes);
  if (!written.ok() && written.error().errno_value() == EPIPE) kernel::raise_signal(task, SIGPIPE);
  return written;
}
Result<std::size_t> HostStream::read_at(Task& task, const IoVector& to, std::uint64_t offset) {
  if (!is_seekable()) return OpenFile::read_at(task, to, offset);
  return transfer_in(HostCall::pread64_of_stream, host(), to, offset, Advance::yes, Interruptible::yes);
}
Result<std::size_t> HostStream::write_at(Task& task, const IoVector& from, std::uint64_t offset) {
  if (!is_seekable()) return OpenFile::write_at(task, from, offset);
  return transfer_out(HostCall::pwrite64_of_stream, host(), from, offset, Advance::yes, Interruptible::yes);
}
Result<std::int64_t> HostStream::seek(std::int64_t offset, int whence) {
  if (!is_seekable()) return OpenFile::seek(offset, whence);
  return quick_host_call(HostCall::lseek, host(), static_cast<std::uint64_t>(offset),
                         static_cast<std::uint64_t>(whence));
}

Result<std::int64_t> HostStream::control(Task& task, std::uint32_t request, ProgramAddress argument) {
  return control_terminal(task, host_descriptor, request, argument);
}

Result<struct stat> HostStream::status() {
  const struct stat status = TRY(HostObject::status());
  return path() == kTerminalPath ? as_terminal(status) : status;
}

std::uint32_t HostStream::readiness() {
  return poll_host_now(host_descriptor,
                       POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND | POLLRDHUP);
}
}  // namespace cloister::vfs
