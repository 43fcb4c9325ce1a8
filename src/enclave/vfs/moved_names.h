// SPDX-License-Identifier: Apache-2.0
// The working directory and open files are known by their names. What the program itself renames, they follow. Trusted,
// kernel storey.
#pragma once
#include <string>

namespace cloister::kernel {
class Process;
}

namespace cloister::vfs {
enum class Renaming : bool { moved, exchanged };
// After a rename from the canonical path `from` to `to`.
void follow_renaming(kernel::Process& process, const std::string& from, const std::string& to, Renaming how);
}  // namespace cloister::vfs
