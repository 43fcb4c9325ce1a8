// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include "src/manifest_file/manifest_file.h"

namespace cloister {
namespace {
// Signals whose delivery a manifest may leave to the host (rule E-8): never those that stand for faults.
constexpr std::pair<std::string_view, int> kNames[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"TERM", SIGTERM},   {"USR1", SIGUSR1},
    {"USR2", SIGUSR2}, {"ALRM", SIGALRM}, {"CONT", SIGCONT}, {"WINCH", SIGWINCH},
};
}  // namespace

int signal_number(std::string_view name) {
  if (name.substr(0, 3) == "SIG") name.remove_prefix(3);
  for (const auto& [known, number] : kNames)
    if (known == name) return number;
  return 0;
}

std::string signal_name(int number) {
  for (const auto& [known, value] : kNames)
    if (value == number) return std::string(known);
  return std::to_string(number);
}
}  // namespace cloister
