// SPDX-License-Identifier: Apache-2.0
// `cloister cas serve` and `cloister cas measure`: CAS in an enclave, started like any other program, with a closed
// root. Host side.
#pragma once

namespace cloister {
int cas_serve_verb(int argc, char** argv);
int cas_measure_verb(int argc, char** argv);
}  // namespace cloister
