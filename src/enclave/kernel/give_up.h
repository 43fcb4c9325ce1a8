// SPDX-License-Identifier: Apache-2.0
// Ends an enclave in which no program runs yet. Trusted, kernel storey.
#pragma once
#include <string>

namespace cloister::kernel {
// 125: the host refuses what every program needs. 126, 127: as a shell says of a program that it cannot run or find.
inline constexpr int kHostRefuses = 125, kCannotRun = 126, kNotFound = 127;

// A line for the host's standard error: never a secret, and nothing that the host or a peer chose but what was checked.
void say(const std::string& what);
[[noreturn]] void give_up(const std::string& why, int status);
}  // namespace cloister::kernel
