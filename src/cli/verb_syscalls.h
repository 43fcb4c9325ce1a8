// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
namespace cloister {
void add_syscalls_verb(CLI::App& app, int& exit_status);
}
