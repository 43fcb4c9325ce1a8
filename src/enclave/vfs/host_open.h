// SPDX-License-Identifier: Apache-2.0
// Opening what lies on the host. Trusted, kernel storey.
#pragma once
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {
class HostDescriptor;

// One openat2 of an absolute path; the object that fits what it is. `flags` and `mode` as in open(2), umask applied.
// `ours`: entries of the enclave that lie in it when it is a directory.
Result<FileRef> open_host_path(std::string path, std::uint32_t flags, std::uint32_t mode,
                               std::vector<DirectoryEntry> ours = {});
// A new description of what is open at `host_descriptor` already (/proc/self/fd/N).
Result<FileRef> reopen_host_file(int host_descriptor, const std::string& path, std::uint32_t flags);
// The same file for the pages of mappings: nothing that the program has asked of its own description (O_APPEND,
// O_DIRECT) decides how they are written.
Result<std::shared_ptr<HostDescriptor>> open_for_pages(int host_descriptor);
// One of the host's standard streams, which the enclave takes over.
Result<FileRef> adopt_standard_stream(int host_descriptor);
}  // namespace cloister::vfs
