// SPDX-License-Identifier: Apache-2.0
// Permission checks for nodes of the enclave, by the emulated credentials of a process. Trusted, kernel storey.
#pragma once
#include <sys/stat.h>
#include "src/enclave/kernel/process.h"

namespace cloister::vfs {
inline constexpr unsigned kExecute = 1, kWrite = 2, kRead = 4;  // as R_OK, W_OK, X_OK

kernel::Credentials credentials_of(kernel::Process& process);
// EACCES unless `wanted` is allowed on an object with `status` (by the file-system ids).
Result<void> check_access(const kernel::Credentials& who, const struct stat& status, unsigned wanted);
// EPERM unless the process owns the object.
Result<void> check_owner(const kernel::Credentials& who, const struct stat& status);
// chown: the rules for an ordinary user. ~0 means "as it is".
Result<void> check_new_owner(const kernel::Credentials& who, const struct stat& status, std::uint32_t user,
                             std::uint32_t group);
// A directory with the sticky bit lets only owners remove what lies in it.
Result<void> check_sticky(const kernel::Credentials& who, const struct stat& directory, const struct stat& status);
// The permission bits of a new object: `mode` without the process's umask.
std::uint32_t masked(kernel::Process& process, std::uint32_t mode);
}  // namespace cloister::vfs
