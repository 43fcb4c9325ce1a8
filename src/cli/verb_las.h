// SPDX-License-Identifier: Apache-2.0
// `cloister las serve`: the local attestation service of the simulation. Host side.
#pragma once
#include <CLI/CLI.hpp>

namespace cloister {
// Adds the noun `las`. A verb that ran leaves its result in `exit_status`; both references must outlive the parsing.
void add_las_verb(CLI::App& app, int& exit_status);
}  // namespace cloister
