// SPDX-License-Identifier: Apache-2.0
// Who the first process is: ids, user, arguments, environment, working directory. Trusted, kernel storey.
//
// The host's answers are used only for what the manifest leaves to the host (I-5). With insecure host paths the program
// sees files with the host's owners, and is the host's user among them: root's program is root, an ordinary user's is
// that user, as natively. Without such paths it is root in a world of its own. Either way the credentials are emulated:
// they decide about the program's own objects and about what it is told, and the host, which hears of changes
// (vfs/host_identity.h), decides about the host's.
#pragma once
#include "src/boundary/host_block.h"
#include "src/enclave/kernel/process.h"

namespace cloister::kernel {
// A valid process id, whatever the host says.
std::uint32_t initial_pid(const StartParameters& host);
// `strings`: host.strings_size bytes, NUL-terminated strings as StartParameters says. Tells the file system its host
// locations, too.
void set_initial_identity(Process& process, const StartParameters& host, const char* strings);
}  // namespace cloister::kernel
