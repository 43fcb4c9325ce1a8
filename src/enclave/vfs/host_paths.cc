// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_paths.h"
#include <fcntl.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/vfs/host_calls.h"

namespace cloister::vfs {
namespace {
constexpr auto kNowhere = static_cast<std::uint64_t>(AT_FDCWD);
constexpr std::size_t kLinkLimit = 4096;
}  // namespace

// Host may: give any target; it must be a string within the result.
Result<std::string> read_host_link(const std::string& path) {
  const core::HostAddress staged = TRY(stage_path(kFirstPath, path));
  const core::HostAddress buffer = core::bounce_buffer() + kStructure;
  const auto size =
      static_cast<std::size_t>(TRY(quick_host_call(HostCall::readlinkat, kNowhere, staged, buffer, kLinkLimit)));
  std::string target(size, '\0');
  core::copy_from_host(target.data(), buffer, size);
  if (size == 0 || target.find('\0') != std::string::npos)
    core::host_lied(HostCall::readlinkat, "a link without a proper target");
  return target;
}

Result<void> make_host_directory(const std::string& path, std::uint32_t mode) {
  TRY(quick_host_call(HostCall::mkdirat, kNowhere, TRY(stage_path(kFirstPath, path)), mode));
  return {};
}

Result<void> make_host_node(const std::string& path, std::uint32_t mode) {
  TRY(quick_host_call(HostCall::mknodat, kNowhere, TRY(stage_path(kFirstPath, path)), mode, 0));
  return {};
}

Result<void> remove_host_name(const std::string& path, int flags) {
  TRY(quick_host_call(HostCall::unlinkat, kNowhere, TRY(stage_path(kFirstPath, path)),
                      static_cast<std::uint64_t>(flags)));
  return {};
}

Result<void> rename_on_host(const std::string& from, const std::string& to, std::uint32_t flags) {
  const core::HostAddress first = TRY(stage_path(kFirstPath, from)), second = TRY(stage_path(kSecondPath, to));
  TRY(quick_host_call(HostCall::renameat2, kNowhere, first, kNowhere, second, flags));
  return {};
}

Result<void> link_on_host(const std::string& from, const std::string& to, int flags) {
  const core::HostAddress first = TRY(stage_path(kFirstPath, from)), second = TRY(stage_path(kSecondPath, to));
  TRY(quick_host_call(HostCall::linkat, kNowhere, first, kNowhere, second, static_cast<std::uint64_t>(flags)));
  return {};
}

Result<void> make_host_link(const std::string& target, const std::string& path) {
  const core::HostAddress first = TRY(stage_text(kFirstPath, target)), second = TRY(stage_path(kSecondPath, path));
  TRY(quick_host_call(HostCall::symlinkat, first, kNowhere, second));
  return {};
}

Result<void> change_host_mode(const std::string& path, std::uint32_t mode) {
  TRY(quick_host_call(HostCall::fchmodat, kNowhere, TRY(stage_path(kFirstPath, path)), mode));
  return {};
}

Result<void> change_host_owner(const std::string& path, std::uint32_t user, std::uint32_t group, int flags) {
  TRY(quick_host_call(HostCall::fchownat, kNowhere, TRY(stage_path(kFirstPath, path)), user, group,
                      static_cast<std::uint64_t>(flags)));
  return {};
}

Result<void> set_host_times(const std::string& path, const struct timespec times[2], int flags) {
  const core::HostAddress staged = TRY(stage_path(kFirstPath, path));
  const core::HostAddress structure = core::bounce_buffer() + kStructure;
  core::copy_to_host(structure, times, 2 * sizeof times[0]);
  TRY(quick_host_call(HostCall::utimensat, kNowhere, staged, structure, static_cast<std::uint64_t>(flags)));
  return {};
}

Result<void> check_host_access(const std::string& path, int mode, int flags) {
  TRY(quick_host_call(HostCall::faccessat2, kNowhere, TRY(stage_path(kFirstPath, path)),
                      static_cast<std::uint64_t>(mode), static_cast<std::uint64_t>(flags)));
  return {};
}
}  // namespace cloister::vfs
