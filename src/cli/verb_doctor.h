// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
namespace cloister {
void add_doctor_verb(CLI::App& app, int& exit_status);
}
