// SPDX-License-Identifier: Apache-2.0
// `cloister sgx inspect FILE` and `cloister sgx measure FILE`: look at SIGSTRUCTs and enclave images. Owner's tool.
#pragma once
#include <CLI/CLI.hpp>

namespace cloister {

// Adds the noun `sgx` and its verbs to `app`. A verb that ran leaves its result in `exit_status`: 0 it holds, 1 it does
// not, 2 the input is unusable. Both references must outlive the parsing.
void add_sgx_verb(CLI::App& app, int& exit_status);

}  // namespace cloister
