// SPDX-License-Identifier: Apache-2.0
// Symbolic links of the host that lead to /proc or /sys. The host follows them to its own; the program is to see the
// enclave's. Such links are rare, so a path is opened in one step first and looked at only when it ended there.
// Trusted.
#pragma once
#include <optional>
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {
// Did the host open something in its own /proc or /sys?
bool is_synthesised_on_host(OpenFile& file);
// The path as it goes on in one of `mounts` once the host's links are followed; nothing if it does not.
Result<std::optional<std::string>> follow_into(const std::vector<std::string>& mounts, const std::string& path);
}  // namespace cloister::vfs
