// SPDX-License-Identifier: Apache-2.0
// The program of the boundary fuzzer: system calls in an order that the input chooses, and what must hold after each.
#pragma once
#include <cstdint>
#include <span>
#include <vector>
#include "fuzz/boundary/choices.h"
#include "fuzz/boundary/enclave_thread.h"
#include "src/enclave/kernel/task.h"

namespace cloister::fuzz {
enum class Kind { file, read_only, measured, directory, stream, datagram, epoll };
inline constexpr std::uint64_t kTokenBase = 0x1122'3344'0000'0000;  // of what epoll tells, before the descriptor
struct Descriptor {
  int number;
  Kind kind;
  int family;
};

struct Program {
  kernel::Task& task;
  SecondThread& second;
  Choices& choices;
  std::vector<Descriptor> descriptors;

  // One of the kind, or null.
  const Descriptor* pick(std::initializer_list<Kind> kinds);
  // Notes what a call gave, if it gave one; it must be new.
  void add(long result, Kind kind, int family = 0);
  void close(int number);
};

using Step = void (*)(Program&);
std::span<const Step> file_steps();
std::span<const Step> network_steps();
std::span<const Step> server_steps();
// Any of all these, made by another thread.
void step_of_another(Program& program);
void run_program(kernel::Task& task, SecondThread& second, Choices& choices);
// Ends the fuzzer: the enclave handed on what an honest host cannot have said.
void require(bool holds, const char* what);
}  // namespace cloister::fuzz
