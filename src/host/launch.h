// SPDX-License-Identifier: Apache-2.0
// Builds an enclave from the image and a launch manifest, starts it and becomes its first thread. Untrusted.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>
#include "abi/sgx/sigstruct.h"
#include "src/base/result.h"
#include "src/host/device/device.h"
#include "src/manifest/launch_manifest.h"
#include "src/sgx/measurement.h"

namespace cloister::host {

struct LaunchOptions {
  std::string device = "auto";  // auto, sim, sgx
  MemoryMode memory = MemoryMode::automatic;
  std::string image_path;
  std::string cache_directory;               // SIGSTRUCTs, keyed by what they sign
  std::string signing_key_path;              // the user's development key; made when missing
  std::optional<sgx::Sigstruct> signature;   // of a signed manifest; otherwise the development key signs
  std::array<std::uint8_t, 64> config_id{};  // CONFIGID: whose configuration this enclave is for; not in MRENCLAVE
  bool debug = false;                        // ATTRIBUTES.DEBUG
  bool trace = false;                        // only a debug enclave listens
  bool statistics = false;
  std::uint64_t closed_streams = 0;  // of reserve_standard_streams()
  int trace_descriptor = 2;
  std::vector<std::string> arguments;                          // argv
  std::vector<std::string> environment;                        // NAME=VALUE for what the manifest lets the host choose
  std::vector<std::pair<std::string, std::string>> locations;  // where the files below a path inside lie on the host
  std::vector<std::string> settings;  // NAME=VALUE for the runtime, which takes each for a hint
};

// Puts /dev/null on closed standard streams, so that nothing else gets their numbers; kHostClosedStream bits of those.
// Before anything is opened.
std::uint64_t reserve_standard_streams();

// MRENCLAVE of image and manifest, without a device.
Result<sgx::Digest> measure_enclave(const std::string& image_path, const LaunchManifest& manifest);

// Returns only on failure, with one line for people in *problem.
Error launch(const LaunchOptions& options, const LaunchManifest& manifest, std::string* problem);
}  // namespace cloister::host
