// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/credentials.h"
#include <linux/capability.h>
#include <cerrno>

namespace cloister::kernel {
namespace {
constexpr std::uint64_t bit(int capability) { return 1ULL << capability; }
constexpr std::uint64_t kFileCapabilities = bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_DAC_READ_SEARCH) |
                                            bit(CAP_FOWNER) | bit(CAP_FSETID) | bit(CAP_LINUX_IMMUTABLE) |
                                            bit(CAP_MKNOD) | bit(CAP_MAC_OVERRIDE);

bool is_one_of(std::uint32_t id, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  return id == a || id == b || id == c;
}

// capabilities(7), "Effect of user ID changes on capabilities".
void follow_user_change(Credentials& now, const Credentials& before) {
  const auto has_root = [](const Credentials& c) { return c.uid == 0 || c.euid == 0 || c.suid == 0; };
  if (has_root(before) && !has_root(now)) {
    if (!now.keep_capabilities) now.permitted = now.effective = 0;
    now.ambient = 0;
  }
  if (before.euid == 0 && now.euid != 0) now.effective = 0;
  if (before.euid != 0 && now.euid == 0) now.effective = now.permitted;
  now.fsuid = now.euid;
}

Result<void> refuse() { return Error::from_errno(EPERM); }
}  // namespace

Credentials initial_credentials(std::uint32_t uid, std::uint32_t gid) {
  Credentials credentials;
  credentials.uid = credentials.euid = credentials.suid = credentials.fsuid = uid;
  credentials.gid = credentials.egid = credentials.sgid = credentials.fsgid = gid;
  credentials.bounding = kAllCapabilities;
  if (uid == 0) credentials.permitted = credentials.effective = kAllCapabilities;
  return credentials;
}

bool has_capability(const Credentials& credentials, int capability) {
  return (credentials.effective & bit(capability)) != 0;
}

Result<void> set_uid(Credentials& c, std::uint32_t uid) {
  const Credentials before = c;
  if (has_capability(c, CAP_SETUID))
    c.uid = c.suid = uid;
  else if (uid != c.uid && uid != c.suid)
    return refuse();
  c.euid = uid;
  follow_user_change(c, before);
  return {};
}

Result<void> set_gid(Credentials& c, std::uint32_t gid) {
  if (has_capability(c, CAP_SETGID))
    c.gid = c.sgid = gid;
  else if (gid != c.gid && gid != c.sgid)
    return refuse();
  c.egid = c.fsgid = gid;
  return {};
}

Result<void> set_reuid(Credentials& c, std::uint32_t real, std::uint32_t effective) {
  const Credentials before = c;
  const bool may = has_capability(c, CAP_SETUID);
  if (real != kUnchanged && !may && real != before.uid && real != before.euid) return refuse();
  if (effective != kUnchanged && !may && !is_one_of(effective, before.uid, before.euid, before.suid)) return refuse();
  if (real != kUnchanged) c.uid = real;
  if (effective != kUnchanged) c.euid = effective;
  if (real != kUnchanged || (effective != kUnchanged && effective != before.uid)) c.suid = c.euid;
  follow_user_change(c, before);
  return {};
}

Result<void> set_regid(Credentials& c, std::uint32_t real, std::uint32_t effective) {
  const Credentials before = c;
  const bool may = has_capability(c, CAP_SETGID);
  if (real != kUnchanged && !may && real != before.gid && real != before.egid) return refuse();
  if (effective != kUnchanged && !may && !is_one_of(effective, before.gid, before.egid, before.sgid)) return refuse();
  if (real != kUnchanged) c.gid = real;
  if (effective != kUnchanged) c.egid = effective;
  if (real != kUnchanged || (effective != kUnchanged && effective != before.gid)) c.sgid = c.egid;
  c.fsgid = c.egid;
  return {};
}

Result<void> set_resuid(Credentials& c, std::uint32_t real, std::uint32_t effective, std::uint32_t saved) {
  const Credentials before = c;
  if (!has_capability(c, CAP_SETUID))
    for (const std::uint32_t id : {real, effective, saved})
      if (id != kUnchanged && !is_one_of(id, before.uid, before.euid, before.suid)) return refuse();
  if (real != kUnchanged) c.uid = real;
  if (effective != kUnchanged) c.euid = effective;
  if (saved != kUnchanged) c.suid = saved;
  follow_user_change(c, before);
  return {};
}

Result<void> set_resgid(Credentials& c, std::uint32_t real, std::uint32_t effective, std::uint32_t saved) {
  const Credentials before = c;
  if (!has_capability(c, CAP_SETGID))
    for (const std::uint32_t id : {real, effective, saved})
      if (id != kUnchanged && !is_one_of(id, before.gid, before.egid, before.sgid)) return refuse();
  if (real != kUnchanged) c.gid = real;
  if (effective != kUnchanged) c.egid = effective;
  if (saved != kUnchanged) c.sgid = saved;
  c.fsgid = c.egid;
  return {};
}

std::uint32_t set_fs_uid(Credentials& c, std::uint32_t uid) {
  const std::uint32_t old = c.fsuid;
  if (uid == kUnchanged) return old;
  if (!is_one_of(uid, c.uid, c.euid, c.suid) && uid != old && !has_capability(c, CAP_SETUID)) return old;
  if (old == 0 && uid != 0) c.effective &= ~kFileCapabilities;
  if (old != 0 && uid == 0) c.effective |= c.permitted & kFileCapabilities;
  c.fsuid = uid;
  return old;
}

std::uint32_t set_fs_gid(Credentials& c, std::uint32_t gid) {
  const std::uint32_t old = c.fsgid;
  if (gid == kUnchanged) return old;
  if (is_one_of(gid, c.gid, c.egid, c.sgid) || gid == old || has_capability(c, CAP_SETGID)) c.fsgid = gid;
  return old;
}

Result<void> set_capabilities(Credentials& c, const CapabilitySets& wanted) {
  const bool may_inherit_anything = has_capability(c, CAP_SETPCAP);
  if (!may_inherit_anything && (wanted.inheritable & ~(c.inheritable | c.permitted)) != 0) return refuse();
  if ((wanted.inheritable & ~(c.inheritable | c.bounding)) != 0) return refuse();
  if ((wanted.permitted & ~c.permitted) != 0 || (wanted.effective & ~wanted.permitted) != 0) return refuse();
  c.effective = wanted.effective;
  c.permitted = wanted.permitted;
  c.inheritable = wanted.inheritable;
  c.ambient &= c.permitted & c.inheritable;
  return {};
}
}  // namespace cloister::kernel
