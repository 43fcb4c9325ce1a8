// SPDX-License-Identifier: Apache-2.0
// Steps of the program that ask which of its files are ready.
#pragma once
#include "fuzz/boundary/program.h"

namespace cloister::fuzz {
void poll_some(Program& program);
void select_some(Program& program);
void make_epoll(Program& program);
void watch(Program& program);
void wait_epoll(Program& program);
}  // namespace cloister::fuzz
