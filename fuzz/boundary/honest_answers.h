// SPDX-License-Identifier: Apache-2.0
// What an honest host could answer, with choices where a real one has them.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include "fuzz/boundary/choices.h"

namespace cloister::fuzz {
enum class HostKind { regular, directory, stream, datagram, eventfd, epoll, pipe, terminal };

struct HostObject {
  HostKind kind = HostKind::regular;
  int family = 0;
  std::string path;
  std::uint64_t listed = 0;  // directory records that were given already
  struct Interest {
    std::uint32_t events;
    std::uint64_t token;
  };
  std::map<std::uint64_t, Interest> interests;  // of an epoll object, by descriptor
};

struct HostWorld {
  std::map<std::uint64_t, HostObject> open;
  std::uint64_t next_descriptor = 3;
  std::uint64_t give(HostObject object);
};

// Where the call's answer goes besides its result, for lies about it; 0 where nowhere.
struct HostRequest {
  std::uint64_t number;
  std::uint64_t* arguments;
};
long honest_answer(HostWorld& world, const HostRequest& request, Choices& choices);
// The argument that names memory which the host fills, or -1.
int output_argument(std::uint64_t number);
}  // namespace cloister::fuzz
