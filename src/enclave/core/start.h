// SPDX-License-Identifier: Apache-2.0
// What the first entry leaves for the kernel storey. Trusted.
#pragma once
#include "src/boundary/host_block.h"

namespace cloister::core {
// A trusted copy of the host's start parameters: hints, to be used only where the manifest allows.
extern StartParameters start_parameters;
// The host's strings (working directory, arguments, environment, locations), copied in; NUL-terminated as a whole.
extern const char* start_strings;
}  // namespace cloister::core
