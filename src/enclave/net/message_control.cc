// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/net/message_control.h"
#include <sys/socket.h>
#include <cstring>
#include "src/enclave/core/host_call.h"

namespace cloister::net {
namespace {
enum class ControlCheck { ok, malformed, forbidden };

// Walks as the kernel does: headers at multiples of 8, each at least a header long and within the buffer.
ControlCheck check_control(const std::vector<std::uint8_t>& control) {
  std::size_t at = 0;
  while (control.size() - at >= sizeof(cmsghdr)) {
    cmsghdr header;
    std::memcpy(&header, control.data() + at, sizeof header);
    if (header.cmsg_len < sizeof header || header.cmsg_len > control.size() - at) return ControlCheck::malformed;
    if (header.cmsg_level == SOL_SOCKET && (header.cmsg_type == SCM_RIGHTS || header.cmsg_type == SCM_CREDENTIALS))
      return ControlCheck::forbidden;
    const std::size_t step = (header.cmsg_len + 7) & ~std::size_t{7};
    if (step >= control.size() - at) break;
    at += step;
  }
  return ControlCheck::ok;
}
}  // namespace

Result<void> check_outgoing_control(const std::vector<std::uint8_t>& control) {
  if (control.size() > kMaxControlSize) return Error::from_errno(ENOBUFS);
  if (check_control(control) != ControlCheck::ok)
    return Error::from_errno(EINVAL, "control data that is not passed on");
  return {};
}

std::vector<std::uint8_t> take_control(core::HostAddress host, std::size_t size) {
  std::vector<std::uint8_t> control(size);
  core::copy_from_host(control.data(), host, size);
  if (check_control(control) != ControlCheck::ok) core::host_lied(HostCall::recvmsg, "control data");
  return control;
}
}  // namespace cloister::net
