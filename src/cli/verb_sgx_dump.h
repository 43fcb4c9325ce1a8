// SPDX-License-Identifier: Apache-2.0
// `cloister sgx dump --out DIR`: what is measured, as flat bytes and a list, for checkers that look at entry stubs from
// outside. Owner's tool.
#pragma once
namespace cloister {
// 0, or as measure_verb.
int sgx_dump_verb(int argc, char** argv);
}  // namespace cloister
