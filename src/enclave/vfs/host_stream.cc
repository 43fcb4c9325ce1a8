// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_stream.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <algorithm>

namespace cloister::vfs {
namespace {
enum class Argument : std::uint8_t { value, in, out };
struct Request {
  std::uint32_t number;
  Argument argument;
  std::uint8_t size;  // bytes behind the pointer
};
constexpr std::uint8_t kTermios = 36;  // struct termios of the kernel ABI
constexpr Request kRequests[] = {
    {TCGETS, Argument::out, kTermios},  {TCSETS, Argument::in, kTermios},  {TCSETSW, Argument::in, kTermios},
    {TCSETSF, Argument::in, kTermios},  {TIOCGWINSZ, Argument::out, 8},    {TIOCSWINSZ, Argument::in, 8},
    {TIOCGPGRP, Argument::out, 4},      {TIOCSPGRP, Argument::in, 4},      {TIOCGSID, Argument::out, 4},
    {FIONREAD, Argument::out, 4},       {TIOCOUTQ, Argument::out, 4},      {TCSBRK, Argument::value, 0},
    {TCXONC, Argument::value, 0},       {TCFLSH, Argument::value, 0},      {TCSBRKP, Argument::value, 0},
    {TIOCEXCL, Argument::value, 0},     {TIOCNXCL, Argument::value, 0},    {TIOCGETD, Argument::out, 4},
};
}  // namespace

HostStream::HostStream(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags)
    : HostObject(std::move(descriptor), status, flags), character_device_(S_ISCHR(status.st_mode)) {
  kind = core::FileKind::host_stream;
}

// One host call: a stream gives what it has.
Result<std::size_t> HostStream::read(Task&, const IoVector& to) {
  return transfer_in(HostCall::read, host(), to.size() > kBounceSize ? to.slice(0, kBounceSize) : to, 0, Advance::no);
}
Result<std::size_t> HostStream::write(Task&, const IoVector& from) {
  return transfer_out(HostCall::write, host(), from, 0, Advance::no);
}
Result<std::size_t> HostStream::read_at(Task& task, const IoVector& to, std::uint64_t offset) {
  if (!is_seekable()) return OpenFile::read_at(task, to, offset);
  return transfer_in(HostCall::pread64, host(), to, offset, Advance::yes);
}
Result<std::size_t> HostStream::write_at(Task& task, const IoVector& from, std::uint64_t offset) {
  if (!is_seekable()) return OpenFile::write_at(task, from, offset);
  return transfer_out(HostCall::pwrite64, host(), from, offset, Advance::yes);
}
Result<std::int64_t> HostStream::seek(std::int64_t offset, int whence) {
  if (!is_seekable()) return OpenFile::seek(offset, whence);
  return quick_host_call(HostCall::lseek, host(), static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(whence));
}

// Only requests whose argument is known by size; what the host fills in is copied by that size and is data for the program.
Result<std::int64_t> HostStream::control(Task&, std::uint32_t number, ProgramAddress argument) {
  const auto* request = std::find_if(std::begin(kRequests), std::end(kRequests),
                                     [&](const Request& row) { return row.number == number; });
  if (request == std::end(kRequests)) return Error::from_errno(ENOTTY);
  std::uint8_t data[kTermios] = {};
  const std::uint64_t structure = core::bounce_buffer() + kStructure;
  if (request->argument == Argument::value) return blocking_host_call(HostCall::ioctl, host(), number, argument.value);
  if (request->argument == Argument::in) TRY(argument.read(data, request->size));
  core::copy_to_host(structure, data, sizeof data);
  const std::int64_t result = TRY(blocking_host_call(HostCall::ioctl, host(), number, structure));
  if (result != 0) core::host_lied(HostCall::ioctl, "success must be 0");
  if (request->argument == Argument::out) {
    core::copy_from_host(data, structure, request->size);
    TRY(argument.write(data, request->size));
  }
  return 0;
}

// Host may: report any readiness; only bits that exist are believed, and a false one makes the program's call wait or fail.
std::uint32_t HostStream::readiness() {
  constexpr std::uint16_t kAsked = POLLIN | POLLOUT | POLLPRI | POLLRDHUP;
  const struct pollfd ask = {host_descriptor, kAsked, 0};
  const std::uint64_t structure = core::bounce_buffer() + kStructure;
  core::copy_to_host(structure, &ask, sizeof ask);
  if (!quick_host_call(HostCall::poll, structure, 1, 0).ok()) return 0;
  struct pollfd answer;
  core::copy_from_host(&answer, structure, sizeof answer);
  return static_cast<std::uint16_t>(answer.revents) & (kAsked | POLLERR | POLLHUP);
}
}  // namespace cloister::vfs
