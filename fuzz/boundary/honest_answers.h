// SPDX-License-Identifier: Apache-2.0
// What an honest host could answer, with choices where a real one has them.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include "fuzz/boundary/choices.h"
#include "fuzz/boundary/streams.h"

namespace cloister::fuzz {
enum class HostKind { regular, directory, stream, datagram, eventfd, epoll, pipe, terminal };

struct HostObject {
  HostKind kind = HostKind::regular;
  int family = 0;
  std::string path{};
  std::uint64_t listed = 0;  // directory records that were given already
  struct Interest {
    std::uint32_t events;
    std::uint64_t token;
  };
  std::map<std::uint64_t, Interest> interests{};  // of an epoll object, by descriptor
  Stream stream{};                                // of a TCP socket
  bool has_given_all = false;                     // the peer sends nothing more
};

struct HostWorld {
  std::map<std::uint64_t, HostObject> open;
  std::uint64_t next_descriptor = 3, next_serial = 1;
  std::uint64_t give(HostObject object);
  // A new socket, or the other end of one.
  std::uint64_t give_socket(HostKind kind, int family);
  HostObject* find(std::uint64_t descriptor);
};

struct HostRequest {
  std::uint64_t number;
  std::uint64_t* arguments;
};
long honest_answer(HostWorld& world, const HostRequest& request, Choices& choices);
// What the program is about to hear of a call on a connection, a lie or not.
void note_answer(HostWorld& world, const HostRequest& request, long result);
// The argument that names memory which the host fills, or -1.
int output_argument(std::uint64_t number);
}  // namespace cloister::fuzz
