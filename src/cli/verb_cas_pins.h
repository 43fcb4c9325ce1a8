// SPDX-License-Identifier: Apache-2.0
// `cloister cas owner`, `list` and `forget`: what this user is and trusts. Owner's tool; no network.
#pragma once
namespace cloister {
int cas_owner_verb(int argc, char** argv);
int cas_list_verb(int argc, char** argv);
int cas_forget_verb(int argc, char** argv);
}  // namespace cloister
