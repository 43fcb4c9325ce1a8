// SPDX-License-Identifier: Apache-2.0
// CAS as a whole: brings its parts up in order, and down again. In the enclave.
#pragma once
#include <string>

namespace cloister::cas {

// What the host says, and the host alone: places, no permissions.
struct Places {
  std::string api = "127.0.0.1:8081", enclaves = "127.0.0.1:18765";  // numeric ADDRESS:PORT
  std::string pccs, pccs_address;                                    // URL, and the numeric address of its host
  std::string predecessor;                                           // numeric ADDRESS:PORT of its API
  std::string simulated_collateral;                                  // URL of what LAS publishes; host numeric
};

// Serves until SIGTERM or SIGINT; the exit status. Call it before any other thread is there.
int serve(const Places& places);

}  // namespace cloister::cas
