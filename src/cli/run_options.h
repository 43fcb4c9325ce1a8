// SPDX-License-Identifier: Apache-2.0
// Options that `run` and `measure` share, since both describe the same instance. Owner's side.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>
#include "src/host/launch.h"
#include "src/measure/instance.h"

namespace cloister {
struct RunOptions {
  std::string device = "auto";
  std::string heap = "4G";
  std::uint32_t threads = 256;
  std::string memory = "auto";
  std::vector<std::string> environment;
  std::vector<std::string> allowed;
  std::string trace_file;
  bool trace = false;
  bool statistics = false;
  bool debug = false;
  bool json = false;
  bool policy = false;                                         // measure
  std::string las;                                             // run: where the quoting service is
  std::string cas, config_id, cas_key;                         // run: who configures the enclave, as what
  std::uint32_t start_time_limit = 60;                         // run: seconds for CAS and LAS to answer
  std::string manifest;                                        // file; empty: the command describes the instance
  std::string out;                                             // measure
  std::vector<std::pair<std::string, std::string>> locations;  // run: of a path inside, on the host
  std::vector<std::string> command;                            // program and arguments
};
// Splits at `--` or at the first word that is no option, so that the program's own options stay its own.
// Returns an exit status when there is nothing more to do (help, usage), or -1.
int parse_run_options(int argc, char** argv, const char* verb, const char* description, RunOptions* options);
// cloister-plan and the cache of this installation and user.
MeasuringTools measuring_tools();
// This user's development key; empty where there is no place for one.
std::string signing_key_path();
// Where the build or the installation keeps the helper programs and the enclave images: a manifest that is configured
// by a policy needs the one with TLS.
std::string image_path(std::uint64_t manifest_flags);
std::string libexec_path(const std::string& program);
host::MemoryMode memory_mode(const std::string& name);  // "auto", "secret" or "plain"
// The same where secrets are released to: memory that the host can read is no place for them unless somebody says so.
host::MemoryMode memory_mode_for_secrets(const std::string& name);
}  // namespace cloister
