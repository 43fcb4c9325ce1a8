// SPDX-License-Identifier: Apache-2.0
// Operations on names of a host mount: each one host call with an absolute path. Trusted, kernel storey.
//
// What the host answers below an insecure host path is data for the program; only its form is checked.
#pragma once
#include <sys/vfs.h>
#include <string>
#include "src/base/result.h"

namespace cloister::vfs {
Result<std::string> read_host_link(const std::string& path);
Result<void> make_host_directory(const std::string& path, std::uint32_t mode);
Result<void> make_host_node(const std::string& path, std::uint32_t mode);  // FIFOs and regular files
Result<void> remove_host_name(const std::string& path, int flags);
Result<void> rename_on_host(const std::string& from, const std::string& to, std::uint32_t flags);
Result<void> link_on_host(const std::string& from, const std::string& to, int flags);
Result<void> make_host_link(const std::string& target, const std::string& path);
Result<void> change_host_mode(const std::string& path, std::uint32_t mode);
Result<void> change_host_owner(const std::string& path, std::uint32_t user, std::uint32_t group, int flags);
Result<void> set_host_times(const std::string& path, const struct timespec times[2], int flags);
Result<void> check_host_access(const std::string& path, int mode, int flags);
}  // namespace cloister::vfs
