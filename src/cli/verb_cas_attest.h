// SPDX-License-Identifier: Apache-2.0
// `cloister cas attest`: verifies what a CAS is, and pins its keys. Owner's tool.
#pragma once
namespace cloister {
int cas_attest_verb(int argc, char** argv);
}  // namespace cloister
