// SPDX-License-Identifier: Apache-2.0
// The host part's side of host calls that are no single Linux call. Untrusted.
#pragma once
#include <cstdint>
#include "src/host/device/device.h"

namespace cloister::host {
struct HostServices {
  Device* device = nullptr;
  int trace_descriptor = 2;
  bool secret_memory = false;
  void (*at_exit)() = nullptr;
};
void set_host_services(const HostServices& services);
// One line, and the end with status 121. From a signal handler.
[[noreturn]] void end_at_fault_in_exception(std::uint64_t address);
}  // namespace cloister::host
