// SPDX-License-Identifier: Apache-2.0
// `cloister cas …`: attest a CAS, and talk to those that were attested. Owner's tool.
#pragma once
namespace cloister {
// 0 done, 1 refused by what was found out, 2 usage, unusable input, or no answer.
int cas_verb(int argc, char** argv);
}  // namespace cloister
