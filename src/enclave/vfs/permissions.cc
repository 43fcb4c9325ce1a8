// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/permissions.h"
#include <linux/capability.h>
#include <algorithm>
#include <cerrno>
#include "src/enclave/kernel/credentials.h"

namespace cloister::vfs {
namespace {
bool is_member(const kernel::Credentials& who, std::uint32_t group) {
  return who.fsgid == group || std::find(who.groups.begin(), who.groups.end(), group) != who.groups.end();
}
}  // namespace

kernel::Credentials credentials_of(kernel::Process& process) {
  const std::lock_guard guard(process.mutex);
  return process.credentials;
}

std::uint32_t masked(kernel::Process& process, std::uint32_t mode) {
  const std::lock_guard guard(process.mutex);
  return mode & 07777 & ~process.file_mode_mask;
}

Result<void> check_access(const kernel::Credentials& who, const struct stat& status, unsigned wanted) {
  unsigned granted = status.st_mode & 7;
  if (who.fsuid == status.st_uid)
    granted = status.st_mode >> 6 & 7;
  else if (is_member(who, status.st_gid))
    granted = status.st_mode >> 3 & 7;
  if ((wanted & ~granted) == 0) return {};
  if (kernel::has_capability(who, CAP_DAC_OVERRIDE) &&
      ((wanted & kExecute) == 0 || S_ISDIR(status.st_mode) || (status.st_mode & 0111) != 0))
    return {};
  if (kernel::has_capability(who, CAP_DAC_READ_SEARCH) &&
      (wanted == kRead || (S_ISDIR(status.st_mode) && (wanted & kWrite) == 0)))
    return {};
  return Error::from_errno(EACCES);
}

Result<void> check_owner(const kernel::Credentials& who, const struct stat& status) {
  if (who.fsuid == status.st_uid || kernel::has_capability(who, CAP_FOWNER)) return {};
  return Error::from_errno(EPERM);
}

Result<void> check_new_owner(const kernel::Credentials& who, const struct stat& status, std::uint32_t user,
                             std::uint32_t group) {
  if (kernel::has_capability(who, CAP_CHOWN)) return {};
  const bool user_stays = user == ~0u || user == status.st_uid;
  const bool group_allowed = group == ~0u || group == status.st_gid || is_member(who, group);
  if (who.fsuid == status.st_uid && user_stays && group_allowed) return {};
  return Error::from_errno(EPERM);
}

Result<void> check_sticky(const kernel::Credentials& who, const struct stat& directory, const struct stat& status) {
  if ((directory.st_mode & S_ISVTX) == 0 || who.fsuid == status.st_uid || who.fsuid == directory.st_uid ||
      kernel::has_capability(who, CAP_FOWNER))
    return {};
  return Error::from_errno(EPERM);
}
}  // namespace cloister::vfs
