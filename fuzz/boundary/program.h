// SPDX-License-Identifier: Apache-2.0
// The program of the boundary fuzzer: system calls in an order that the input chooses, and what must hold after each.
#pragma once
#include <cstdint>
#include <span>
#include <vector>
#include "fuzz/boundary/choices.h"
#include "src/enclave/kernel/task.h"

namespace cloister::fuzz {
enum class Kind { file, measured, directory, stream, datagram, epoll };
struct Descriptor {
  int number;
  Kind kind;
  int family;
};

struct Program {
  kernel::Task& task;
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
void run_program(kernel::Task& task, Choices& choices);
// Ends the fuzzer: the enclave handed on what an honest host cannot have said.
void require(bool holds, const char* what);
}  // namespace cloister::fuzz
