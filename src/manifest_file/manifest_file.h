// SPDX-License-Identifier: Apache-2.0
// The launch manifest as people write it: YAML, read strictly against the schema below, and written. What is measured
// is its canonical binary form (src/manifest). Owner's side. docs/manifest.md describes every key.
#pragma once
#include <string>
#include <string_view>
#include <vector>
#include "src/measure/instance.h"
#include "src/yaml/document.h"

namespace cloister {
// `directory` is where relative `source:` paths start. Trees and unpinned files are looked up on this machine.
// Errc::invalid with *problem filled in.
Result<InstanceDescription> read_manifest_file(std::string_view text, const std::string& directory,
                                               yaml::Problem* problem);

// The manifest in YAML; `comments` are lines for its head. Files are written with the hashes they have.
std::string write_manifest_file(const InstanceDescription& description, const std::vector<std::string>& comments);

// "TERM" or "SIGTERM" -> its number, 0 when unknown or when the host must never deliver it (faults, KILL, STOP).
int signal_number(std::string_view name);
std::string signal_name(int number);
}  // namespace cloister
