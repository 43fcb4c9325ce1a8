// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/terminal.h"
#include <asm/termbits.h>
#include <sys/ioctl.h>
#include <algorithm>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::vfs {
namespace {
enum class Argument : std::uint8_t { number, in, out };
struct Request {
  std::uint32_t number;
  Argument argument;
  std::uint8_t size;  // bytes behind the pointer
};
constexpr std::uint8_t kTermios = sizeof(termios), kTermios2 = sizeof(termios2);
constexpr Request kRequests[] = {
    {TCGETS, Argument::out, kTermios},   {TCSETS, Argument::in, kTermios},    {TCSETSW, Argument::in, kTermios},
    {TCSETSF, Argument::in, kTermios},   {TCGETS2, Argument::out, kTermios2}, {TCSETS2, Argument::in, kTermios2},
    {TCSETSW2, Argument::in, kTermios2}, {TCSETSF2, Argument::in, kTermios2}, {TIOCGWINSZ, Argument::out, 8},
    {TIOCSWINSZ, Argument::in, 8},       {TIOCGPGRP, Argument::out, 4},       {TIOCSPGRP, Argument::in, 4},
    {FIONREAD, Argument::out, 4},        {TIOCOUTQ, Argument::out, 4},        {TIOCGETD, Argument::out, 4},
    {TIOCMGET, Argument::out, 4},        {TCSBRK, Argument::number, 0},       {TCSBRKP, Argument::number, 0},
    {TCXONC, Argument::number, 0},       {TCFLSH, Argument::number, 0},       {TIOCEXCL, Argument::number, 0},
    {TIOCNXCL, Argument::number, 0},
};

Result<std::int64_t> pass(int host_descriptor, const Request& request, ProgramAddress argument) {
  const auto host = static_cast<std::uint64_t>(host_descriptor);
  if (request.argument == Argument::number)
    return blocking_host_call(HostCall::ioctl, host, request.number, argument.value & 0xffff'ffff);
  std::uint8_t data[kTermios2] = {};
  if (request.argument == Argument::in) TRY(argument.read(data, request.size));
  const core::HostAddress structure = core::bounce_buffer() + kStructure;
  core::copy_to_host(structure, data, sizeof data);
  if (TRY(blocking_host_call(HostCall::ioctl, host, request.number, structure)) != 0)
    core::host_lied(HostCall::ioctl, "success must be 0");
  if (request.argument == Argument::in) return 0;
  core::copy_from_host(data, structure, request.size);
  TRY(argument.write(data, request.size));
  return 0;
}
}  // namespace

Result<std::int64_t> control_terminal(Task& task, int host_descriptor, std::uint32_t number, ProgramAddress argument) {
  if (number == TIOCSTI) return Error::from_errno(EPERM, "typing into the host's terminal");
  if (number == TIOCGSID) {  // the session is emulated; the host only knows whether this is a terminal
    const core::HostAddress structure = core::bounce_buffer() + kStructure;
    TRY(quick_host_call(HostCall::ioctl, static_cast<std::uint64_t>(host_descriptor), TCGETS, structure));
    TRY(argument.store(static_cast<std::int32_t>(task.process.session)));
    return 0;
  }
  const auto* const request = std::find_if(std::begin(kRequests), std::end(kRequests),
                                           [&](const Request& row) { return row.number == number; });
  if (request == std::end(kRequests)) return Error::from_errno(ENOTTY);
  return pass(host_descriptor, *request, argument);
}
}  // namespace cloister::vfs
