// SPDX-License-Identifier: Apache-2.0
// ioctl of sockets: bytes waiting, interface names, flags and addresses. Anything else is ENOTTY.
#include "src/enclave/net/host_socket.h"
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <algorithm>
#include <array>
#include <cstring>
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/prefetch.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::net {
namespace {
// Requests whose argument is a structure of fixed size: copied in, copied out.
struct ControlShape {
  std::uint32_t request;
  std::uint8_t size_in;   // bytes that go to the host
  std::uint8_t size_out;  // bytes that come back
};
constexpr std::uint8_t kInterfaceSize = sizeof(ifreq);
static_assert(sizeof(ifreq) == 40 && sizeof(ifconf) == 16);

// SIOCSIF* and whatever else configures the host's network is not passed on.
constexpr ControlShape kShapes[] = {
    {FIONREAD, 0, 4},
    {SIOCOUTQ, 0, 4},
    {SIOCATMARK, 0, 4},
    {SIOCGIFNAME, kInterfaceSize, kInterfaceSize},
    {SIOCGIFINDEX, kInterfaceSize, kInterfaceSize},
    {SIOCGIFFLAGS, kInterfaceSize, kInterfaceSize},
    {SIOCGIFADDR, kInterfaceSize, kInterfaceSize},
    {SIOCGIFDSTADDR, kInterfaceSize, kInterfaceSize},
    {SIOCGIFBRDADDR, kInterfaceSize, kInterfaceSize},
    {SIOCGIFNETMASK, kInterfaceSize, kInterfaceSize},
    {SIOCGIFMTU, kInterfaceSize, kInterfaceSize},
    {SIOCGIFHWADDR, kInterfaceSize, kInterfaceSize},
    {SIOCGIFTXQLEN, kInterfaceSize, kInterfaceSize},
};

// struct ifconf holds a pointer, so its list is received behind it in the bounce buffer.
// Host may: claim a longer list than asked (the enclave stops) or a list of nonsense, which is only data.
Result<std::int64_t> list_interfaces(std::uint64_t socket, ProgramAddress argument) {
  auto request = TRY(argument.load<ifconf>());
  if (request.ifc_len < 0) return Error::from_errno(EINVAL);
  constexpr std::uint64_t kListOffset = 64;
  const auto asked = static_cast<std::uint32_t>(std::min<int>(request.ifc_len, kBounceSize - kListOffset)) /
                     sizeof(ifreq) * sizeof(ifreq);
  const core::HostAddress host = core::bounce_buffer();
  const ProgramAddress list{reinterpret_cast<std::uint64_t>(request.ifc_buf)};
  core::store_host_word(host, asked);
  core::store_host_word(host + 8, list.is_null() ? 0 : (host + kListOffset).word());
  TRY(vfs::quick_host_call(HostCall::ioctl_of_socket, socket, SIOCGIFCONF, host));
  const std::uint32_t size = core::load_host_word(host).low_half().at_most(
      list.is_null() ? 1u << 20 : static_cast<std::uint32_t>(asked), HostCall::ioctl, "length of the interface list");
  if (!list.is_null()) TRY(IoVector::program(list, size).fill_from_host(0, host + kListOffset, size));
  request.ifc_len = static_cast<int>(size);
  TRY(argument.store(request));
  return 0;
}

// Host may: leave the answer as it was, or write anything there. It is data; only its size is ours.
// `ahead` bytes were received before the program asked: they lie in front of what the host knows of.
Result<std::int64_t> pass_control(std::uint64_t socket, const ControlShape& shape, ProgramAddress argument,
                                  std::uint32_t ahead) {
  std::array<std::uint8_t, 64> buffer{};
  const core::HostAddress host = core::bounce_buffer();
  if (shape.size_in > 0) TRY(argument.read(buffer.data(), shape.size_in));
  core::copy_to_host(host, buffer.data(), buffer.size());
  const auto result = TRY(vfs::quick_host_call(HostCall::ioctl_of_socket, socket, shape.request, host));
  core::copy_from_host(buffer.data(), host, buffer.size());
  if (ahead > 0) {
    std::uint32_t value;
    std::memcpy(&value, buffer.data(), sizeof value);
    value = shape.request == FIONREAD ? value + ahead : 0;
    std::memcpy(buffer.data(), &value, sizeof value);
  }
  if (shape.size_out > 0) TRY(argument.write(buffer.data(), shape.size_out));
  return result;
}
}  // namespace

Result<std::int64_t> HostSocket::control(Task&, std::uint32_t request, ProgramAddress argument) {
  finish_write_behind();
  if (request == SIOCGIFCONF) return list_interfaces(host(), argument);
  for (const ControlShape& shape : kShapes) {
    if (shape.request != request) continue;
    if (request == SIOCATMARK) stop_receive_ahead();
    const bool is_ahead = request == SIOCATMARK && core::has_prefetched(*this);
    return pass_control(host(), shape, argument, request == FIONREAD ? count_prefetched() : is_ahead ? 1 : 0);
  }
  return Error::from_errno(ENOTTY);
}
}  // namespace cloister::net
