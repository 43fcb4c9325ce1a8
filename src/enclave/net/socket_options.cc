// SPDX-License-Identifier: Apache-2.0
#include <linux/in6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <algorithm>
#include "src/enclave/net/socket.h"

namespace cloister::net {
namespace {
constexpr bool kSet = true, kOnlyGet = false;
constexpr int kMulticastAll6 = 29, kTcpInquire = 36, kUdpSegment = 103, kUdpGro = 104;

constexpr SocketOption kOptions[] = {
    {SOL_SOCKET, SO_REUSEADDR, 4, kSet},
    {SOL_SOCKET, SO_TYPE, 4, kOnlyGet},
    {SOL_SOCKET, SO_ERROR, 4, kOnlyGet},
    {SOL_SOCKET, SO_DONTROUTE, 4, kSet},
    {SOL_SOCKET, SO_BROADCAST, 4, kSet},
    {SOL_SOCKET, SO_SNDBUF, 4, kSet},
    {SOL_SOCKET, SO_RCVBUF, 4, kSet},
    {SOL_SOCKET, SO_KEEPALIVE, 4, kSet},
    {SOL_SOCKET, SO_OOBINLINE, 4, kSet},
    {SOL_SOCKET, SO_PRIORITY, 4, kSet},
    {SOL_SOCKET, SO_LINGER, 8, kSet},
    {SOL_SOCKET, SO_REUSEPORT, 4, kSet},
    {SOL_SOCKET, SO_PASSCRED, 4, kSet},
    {SOL_SOCKET, SO_PEERCRED, 12, kOnlyGet},
    {SOL_SOCKET, SO_RCVLOWAT, 4, kSet},
    {SOL_SOCKET, SO_SNDLOWAT, 4, kSet},
    {SOL_SOCKET, SO_RCVTIMEO, 16, kSet},
    {SOL_SOCKET, SO_SNDTIMEO, 16, kSet},
    {SOL_SOCKET, SO_RCVTIMEO_NEW, 16, kSet},
    {SOL_SOCKET, SO_SNDTIMEO_NEW, 16, kSet},
    {SOL_SOCKET, SO_BINDTODEVICE, 16, kSet},
    {SOL_SOCKET, SO_TIMESTAMP, 4, kSet},
    {SOL_SOCKET, SO_TIMESTAMPNS, 4, kSet},
    {SOL_SOCKET, SO_ACCEPTCONN, 4, kOnlyGet},
    {SOL_SOCKET, SO_SNDBUFFORCE, 4, kSet},
    {SOL_SOCKET, SO_RCVBUFFORCE, 4, kSet},
    {SOL_SOCKET, SO_MARK, 4, kSet},
    {SOL_SOCKET, SO_PROTOCOL, 4, kOnlyGet},
    {SOL_SOCKET, SO_DOMAIN, 4, kOnlyGet},
    {SOL_SOCKET, SO_RXQ_OVFL, 4, kSet},
    {SOL_SOCKET, SO_PEEK_OFF, 4, kSet},
    {SOL_SOCKET, SO_BUSY_POLL, 4, kSet},
    {SOL_SOCKET, SO_MAX_PACING_RATE, 8, kSet},
    {SOL_SOCKET, SO_INCOMING_CPU, 4, kSet},
    {SOL_SOCKET, SO_COOKIE, 8, kOnlyGet},

    {IPPROTO_IP, IP_TOS, 4, kSet},
    {IPPROTO_IP, IP_TTL, 4, kSet},
    {IPPROTO_IP, IP_PKTINFO, 4, kSet},
    {IPPROTO_IP, IP_MTU_DISCOVER, 4, kSet},
    {IPPROTO_IP, IP_RECVERR, 4, kSet},
    {IPPROTO_IP, IP_RECVTTL, 4, kSet},
    {IPPROTO_IP, IP_RECVTOS, 4, kSet},
    {IPPROTO_IP, IP_MTU, 4, kOnlyGet},
    {IPPROTO_IP, IP_FREEBIND, 4, kSet},
    {IPPROTO_IP, IP_TRANSPARENT, 4, kSet},
    {IPPROTO_IP, IP_RECVORIGDSTADDR, 4, kSet},
    {IPPROTO_IP, IP_MINTTL, 4, kSet},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 4, kSet},
    {IPPROTO_IP, IP_MULTICAST_IF, 12, kSet},
    {IPPROTO_IP, IP_MULTICAST_TTL, 4, kSet},
    {IPPROTO_IP, IP_MULTICAST_LOOP, 4, kSet},
    {IPPROTO_IP, IP_MULTICAST_ALL, 4, kSet},
    {IPPROTO_IP, IP_ADD_MEMBERSHIP, 12, kSet},
    {IPPROTO_IP, IP_DROP_MEMBERSHIP, 12, kSet},
    {IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, 12, kSet},
    {IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, 12, kSet},
    {IPPROTO_IP, MCAST_JOIN_GROUP, 136, kSet},
    {IPPROTO_IP, MCAST_LEAVE_GROUP, 136, kSet},

    {IPPROTO_IPV6, IPV6_V6ONLY, 4, kSet},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, 4, kSet},
    {IPPROTO_IPV6, IPV6_MULTICAST_IF, 4, kSet},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 4, kSet},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 4, kSet},
    {IPPROTO_IPV6, kMulticastAll6, 4, kSet},
    {IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, 20, kSet},
    {IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, 20, kSet},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, 4, kSet},
    {IPPROTO_IPV6, IPV6_MTU, 4, kSet},
    {IPPROTO_IPV6, IPV6_RECVERR, 4, kSet},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 4, kSet},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 4, kSet},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, 4, kSet},
    {IPPROTO_IPV6, IPV6_TCLASS, 4, kSet},
    {IPPROTO_IPV6, IPV6_DONTFRAG, 4, kSet},
    {IPPROTO_IPV6, IPV6_FREEBIND, 4, kSet},
    {IPPROTO_IPV6, MCAST_JOIN_GROUP, 136, kSet},
    {IPPROTO_IPV6, MCAST_LEAVE_GROUP, 136, kSet},

    {IPPROTO_TCP, TCP_NODELAY, 4, kSet},
    {IPPROTO_TCP, TCP_MAXSEG, 4, kSet},
    {IPPROTO_TCP, TCP_CORK, 4, kSet},
    {IPPROTO_TCP, TCP_KEEPIDLE, 4, kSet},
    {IPPROTO_TCP, TCP_KEEPINTVL, 4, kSet},
    {IPPROTO_TCP, TCP_KEEPCNT, 4, kSet},
    {IPPROTO_TCP, TCP_SYNCNT, 4, kSet},
    {IPPROTO_TCP, TCP_LINGER2, 4, kSet},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, 4, kSet},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, 4, kSet},
    {IPPROTO_TCP, TCP_INFO, 256, kOnlyGet},
    {IPPROTO_TCP, TCP_QUICKACK, 4, kSet},
    {IPPROTO_TCP, TCP_CONGESTION, 16, kSet},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, 4, kSet},
    {IPPROTO_TCP, TCP_FASTOPEN, 4, kSet},
    {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 4, kSet},
    {IPPROTO_TCP, TCP_TIMESTAMP, 4, kSet},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, 4, kSet},
    {IPPROTO_TCP, kTcpInquire, 4, kSet},

    {IPPROTO_UDP, UDP_CORK, 4, kSet},
    {IPPROTO_UDP, kUdpSegment, 4, kSet},
    {IPPROTO_UDP, kUdpGro, 4, kSet},
};
}  // namespace

const SocketOption* find_socket_option(int level, int name) {
  const auto* const found = std::find_if(std::begin(kOptions), std::end(kOptions), [&](const SocketOption& row) {
    return row.level == level && row.name == name;
  });
  return found == std::end(kOptions) ? nullptr : found;
}

bool has_option_level(const SocketKind& kind, int level) {
  const bool is_internet = kind.family == AF_INET || kind.family == AF_INET6;
  switch (level) {
    case SOL_SOCKET: return true;
    case IPPROTO_IP: return is_internet;
    case IPPROTO_IPV6: return kind.family == AF_INET6;
    case IPPROTO_TCP: return is_internet && kind.type == SOCK_STREAM;
    case IPPROTO_UDP: return is_internet && kind.type == SOCK_DGRAM;
    default: return false;
  }
}
}  // namespace cloister::net
