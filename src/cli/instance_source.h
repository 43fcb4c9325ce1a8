// SPDX-License-Identifier: Apache-2.0
// Where `run`, `measure`, `sign` and `manifest` get their instance from: the command line, a manifest in YAML, or one
// that was measured (and perhaps signed) before. Owner's side.
#pragma once
#include <optional>
#include "src/cli/run_options.h"
#include "src/manifest/signed_manifest.h"

namespace cloister {
struct Instance {
  SignedManifest measured;
  std::optional<InstanceDescription> description;  // unless it was measured before
  std::vector<PlanSummary> plans;
  std::vector<std::string> first_words;  // where argv comes from the host: what stands before the program's arguments
};
// On failure *status is the exit status and *problem one line for people.
std::optional<Instance> find_instance(const RunOptions& options, std::string* problem, int* status);

// What a command becomes without a manifest: its ELF closure is measured, arguments and directory come from the host,
// and the host's files are readable.
Result<InstanceDescription> describe_command(const RunOptions& options, std::string* problem);
// What it becomes with a closed root: its packages' files are measured as well, and everything is fixed. A program
// alone, without arguments and --env, is configured by a policy.
Result<InstanceDescription> describe_policy(const RunOptions& options, std::string* problem);
// The YAML manifest at `path`. *problem begins with FILE:LINE:COLUMN where it is about its text.
Result<InstanceDescription> describe_file(const std::string& path, std::string* problem);
// Puts the hash of every file that is not embedded into its entry.
Result<void> pin_files(InstanceDescription* description, std::string* problem);
// Exit status of a program that cannot be started: 127 not found, 126 cannot be run.
int status_of(const Error& error);
}  // namespace cloister
