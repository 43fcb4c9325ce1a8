// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/give_up.h"
#include "src/enclave/core/host_call.h"

namespace cloister::kernel {
void say(const std::string& what) {
  const std::string line = "cloister: " + what + "\n";
  core::print_to_host(core::PrintStream::error, line.data(), line.size());
}

[[noreturn]] void give_up(const std::string& why, int status) {
  say(why);
  core::host_call(HostCall::exit_group, static_cast<std::uint64_t>(status));
  __builtin_unreachable();
}
}  // namespace cloister::kernel
