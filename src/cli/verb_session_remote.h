// SPDX-License-Identifier: Apache-2.0
// `cloister session create`, `update`, `read`, `list` and `verify`: sessions in a CAS that was attested. Owner's tool.
// Exit status 0 done, 1 refused or different, 2 usage, unusable input, or no answer.
#pragma once
namespace cloister {
int session_create_verb(int argc, char** argv);
int session_update_verb(int argc, char** argv);
int session_read_verb(int argc, char** argv);
int session_list_verb(int argc, char** argv);
int session_verify_verb(int argc, char** argv);
}  // namespace cloister
