// SPDX-License-Identifier: Apache-2.0
// Adds what lies on this machine to the description of an instance. Owner's side.
#pragma once
#include <string>
#include "src/measure/instance.h"

namespace cloister {
// The file at `path`, under its real path, with the links on the way. `problem`: one line for people.
Result<void> add_host_file(const std::string& path, InstanceDescription* description, std::string* problem);
// Everything below the directory `path`: files, directories, links and the files that these lead to. Other objects are
// left out.
Result<void> add_host_tree(const std::string& path, InstanceDescription* description, std::string* problem);
}  // namespace cloister
