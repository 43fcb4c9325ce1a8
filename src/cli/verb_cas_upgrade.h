// SPDX-License-Identifier: Apache-2.0
// `cloister cas upgrade`: the owner lets a CAS hand over to a new version of itself. Owner's tool.
#pragma once
namespace cloister {
int cas_upgrade_verb(int argc, char** argv);
}  // namespace cloister
