// SPDX-License-Identifier: Apache-2.0
// `cloister quote inspect`, `verify` and `simulate`: look at ECDSA quotes, judge them, make simulated ones. Owner's
// tool.
#pragma once
#include <CLI/CLI.hpp>

namespace cloister {

// Adds the noun `quote` and its verbs to `app`. A verb that ran leaves its result in `exit_status`. Both references
// must outlive the parsing.
void add_quote_verb(CLI::App& app, int& exit_status);

// The verb `verify` for the noun; exit status 0 the signature chain verifies, 1 it does not, 2 unusable input.
void add_quote_verify(CLI::App& noun, int& exit_status);

// `simulate`: quotes, collateral and SVNs of this installation's simulated platform.
void add_quote_simulate(CLI::App& noun, int& exit_status);

}  // namespace cloister
