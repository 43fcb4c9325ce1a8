// SPDX-License-Identifier: Apache-2.0
// Honest answers about sockets and readiness.
#pragma once
#include <sys/socket.h>
#include <cstdint>
#include "fuzz/boundary/choices.h"
#include "fuzz/boundary/honest_answers.h"

namespace cloister::fuzz {
// Size of an honest address of the family, which is put there.
std::uint32_t put_address(std::uint64_t address, int family, Choices& choices);
// What has come in, some of it, that nothing has, the end, or a reset.
long receive(HostObject& object, std::uint64_t address, std::uint64_t size, std::uint64_t flags, Choices& choices);
// What has been given to it, or not all, or that there is no room.
long send(const HostObject& object, std::uint64_t address, std::uint64_t size, std::uint64_t flags, Choices& choices);
// Null: the host has spoilt its own memory, and the message's parts lie nowhere.
const iovec* data_of_message(const msghdr& header);
long receive_message(HostObject& object, std::uint64_t address, std::uint64_t flags, Choices& choices);
long wait_epoll(const HostObject& object, std::uint64_t address, std::uint64_t capacity, Choices& choices);
long control_epoll(HostObject& object, const std::uint64_t* a);
long poll_all(std::uint64_t address, std::uint64_t count, Choices& choices);
long accept_connection(HostWorld& world, const HostObject& listener, const std::uint64_t* a, Choices& choices);
}  // namespace cloister::fuzz
