// SPDX-License-Identifier: Apache-2.0
// `cloister cas reset-clock`: sets a CAS's lower bound of time back, after a clock that was ahead. Owner's tool.
#pragma once
namespace cloister {
int cas_reset_clock_verb(int argc, char** argv);
}  // namespace cloister
