// SPDX-License-Identifier: Apache-2.0
// From a manifest to a program at its first instruction. Trusted, kernel storey.
#pragma once
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/enclave/core/thread.h"
#include "src/enclave/kernel/task.h"

namespace cloister::loader {
// Loads process.executable_path with its dynamic loader into process.memory, builds the stack, and fills `context` so
// that core::run_program starts it. The error's what() is for people; *culprit is the file that it is about.
Result<void> prepare_program(kernel::Task& task, core::ProgramContext* context, std::string* culprit);
}  // namespace cloister::loader
