// SPDX-License-Identifier: Apache-2.0
#include "fuzz/boundary/program.h"
#include <sys/syscall.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include "fuzz/boundary/program_memory.h"
#include "fuzz/boundary/system_call.h"

namespace cloister::fuzz {
namespace {
constexpr unsigned kMostSteps = 40;
constexpr std::size_t kMostDescriptors = 24;
}  // namespace

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "the program sees %s\n", what);
  std::abort();
}

const Descriptor* Program::pick(std::initializer_list<Kind> kinds) {
  const std::size_t count = descriptors.size();
  const std::size_t start = choices.below(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Descriptor& candidate = descriptors[(start + i) % count];
    if (std::find(kinds.begin(), kinds.end(), candidate.kind) != kinds.end()) return &candidate;
  }
  return nullptr;
}

void Program::add(long result, Kind kind, int family) {
  if (result < 0) return;
  for (const Descriptor& other : descriptors) require(other.number != result, "a descriptor twice");
  descriptors.push_back({static_cast<int>(result), kind, family});
  if (descriptors.size() > kMostDescriptors) close(descriptors.front().number);
}

void Program::close(int number) {
  std::erase_if(descriptors, [&](const Descriptor& descriptor) { return descriptor.number == number; });
  call(task, SYS_close, number);
}

namespace {
void make_step(Program& program) {
  const std::uint8_t which = program.choices.byte();
  const std::span<const Step> steps = which >= 128 ? server_steps() : which % 2 == 0 ? file_steps() : network_steps();
  steps[program.choices.below(steps.size())](program);
}
}  // namespace

void step_of_another(Program& program) {
  if (program.task.tid != program.task.tgid) return;
  program.second.run([&](kernel::Task& task) {
    Program other{task, program.second, program.choices, std::move(program.descriptors)};
    for (int left = 1 + other.choices.byte() % 4; left > 0; --left) make_step(other);
    program.descriptors = std::move(other.descriptors);
  });
  if (program.choices.byte() % 4 == 3) program.second.end();
}

void run_program(kernel::Task& task, SecondThread& second, Choices& choices) {
  Program program{task, second, choices, {}};
  for (unsigned i = 0; i < kMostSteps && !choices.is_exhausted(); ++i) {
    forget_program_memory();
    make_step(program);
  }
}
}  // namespace cloister::fuzz
