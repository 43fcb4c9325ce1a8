// SPDX-License-Identifier: Apache-2.0
// User, groups and capabilities.
#include "src/enclave/kernel/credentials.h"
#include <linux/capability.h>
#include <algorithm>
#include <atomic>
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
using kernel::Credentials;
constexpr std::uint32_t kMostGroups = 65536;

constinit std::atomic<std::uint64_t> last_version{0};  // of the file-system ids of any process

// Changes the credentials by `apply`, a function of them with a Result. Where that makes other file-system ids, the
// host is told when a call names files the next time (vfs/host_identity.h).
template <typename Change>
SysResult change(Task& task, Change apply) {
  kernel::Process& process = task.process;
  const std::lock_guard guard(process.mutex);
  Credentials& now = process.credentials;
  const Credentials before = now;
  const std::int64_t answer = TRY(apply(now));
  if (now.fsuid != before.fsuid || now.fsgid != before.fsgid || now.groups != before.groups)
    process.identity_version.store(++last_version, std::memory_order_release);
  return answer;
}
// For calls whose answer is 0.
template <typename Change>
SysResult change_silently(Task& task, Change apply) {
  return change(task, [&](Credentials& c) -> SysResult {
    TRY(apply(c));
    return 0;
  });
}

Credentials credentials_of(Task& task) {
  const std::lock_guard guard(task.process.mutex);
  return task.process.credentials;
}

SysResult store_three(const std::array<ProgramAddress, 3>& to, const std::array<std::uint32_t, 3>& ids) {
  for (std::size_t i = 0; i < to.size(); ++i) TRY(to[i].store(ids[i]));
  return 0;
}

struct CapabilityHeader {
  std::uint32_t version;
  std::int32_t pid;
};
struct CapabilityData {
  std::uint32_t effective, permitted, inheritable;
};

// How many CapabilityData the version has; a wrong version is answered with the right one.
Result<std::size_t> load_capability_header(Task& task, ProgramAddress address, CapabilityHeader* header) {
  *header = TRY(address.load<CapabilityHeader>());
  if (header->version == _LINUX_CAPABILITY_VERSION_1) return std::size_t{1};
  if (header->version == _LINUX_CAPABILITY_VERSION_2 || header->version == _LINUX_CAPABILITY_VERSION_3)
    return std::size_t{2};
  TRY(address.store(std::uint32_t{_LINUX_CAPABILITY_VERSION_3}));
  (void)task;
  return Error::from_errno(EINVAL);
}

Result<void> check_capability_target(Task& task, std::int32_t pid) {
  if (pid < 0) return Error::from_errno(EINVAL);
  const std::lock_guard guard(task.process.mutex);
  if (pid != 0 && task.process.find_task(static_cast<std::uint32_t>(pid)) == nullptr) return Error::from_errno(ESRCH);
  return {};
}
}  // namespace

SysResult sys_getuid(Task& task) { return credentials_of(task).uid; }
SysResult sys_geteuid(Task& task) { return credentials_of(task).euid; }
SysResult sys_getgid(Task& task) { return credentials_of(task).gid; }
SysResult sys_getegid(Task& task) { return credentials_of(task).egid; }

SysResult sys_getresuid(Task& task, ProgramAddress real, ProgramAddress effective, ProgramAddress saved) {
  const Credentials c = credentials_of(task);
  return store_three({real, effective, saved}, {c.uid, c.euid, c.suid});
}
SysResult sys_getresgid(Task& task, ProgramAddress real, ProgramAddress effective, ProgramAddress saved) {
  const Credentials c = credentials_of(task);
  return store_three({real, effective, saved}, {c.gid, c.egid, c.sgid});
}

SysResult sys_setuid(Task& task, std::uint32_t uid) {
  if (uid == kernel::kUnchanged) return Error::from_errno(EINVAL);
  return change_silently(task, [&](Credentials& c) { return kernel::set_uid(c, uid); });
}
SysResult sys_setgid(Task& task, std::uint32_t gid) {
  if (gid == kernel::kUnchanged) return Error::from_errno(EINVAL);
  return change_silently(task, [&](Credentials& c) { return kernel::set_gid(c, gid); });
}
SysResult sys_setreuid(Task& task, std::uint32_t real, std::uint32_t effective) {
  return change_silently(task, [&](Credentials& c) { return kernel::set_reuid(c, real, effective); });
}
SysResult sys_setregid(Task& task, std::uint32_t real, std::uint32_t effective) {
  return change_silently(task, [&](Credentials& c) { return kernel::set_regid(c, real, effective); });
}
SysResult sys_setresuid(Task& task, std::uint32_t real, std::uint32_t effective, std::uint32_t saved) {
  return change_silently(task, [&](Credentials& c) { return kernel::set_resuid(c, real, effective, saved); });
}
SysResult sys_setresgid(Task& task, std::uint32_t real, std::uint32_t effective, std::uint32_t saved) {
  return change_silently(task, [&](Credentials& c) { return kernel::set_resgid(c, real, effective, saved); });
}
SysResult sys_setfsuid(Task& task, std::uint32_t uid) {
  return change(task, [&](Credentials& c) -> SysResult { return kernel::set_fs_uid(c, uid); });
}
SysResult sys_setfsgid(Task& task, std::uint32_t gid) {
  return change(task, [&](Credentials& c) -> SysResult { return kernel::set_fs_gid(c, gid); });
}

SysResult sys_getgroups(Task& task, int count, ProgramAddress list) {
  if (count < 0) return Error::from_errno(EINVAL);
  const std::vector<std::uint32_t> groups = credentials_of(task).groups;
  if (count == 0) return static_cast<std::int64_t>(groups.size());
  if (static_cast<std::size_t>(count) < groups.size()) return Error::from_errno(EINVAL);
  if (!groups.empty()) TRY(list.write(groups.data(), groups.size() * sizeof groups[0]));
  return static_cast<std::int64_t>(groups.size());
}

SysResult sys_setgroups(Task& task, std::uint64_t count, ProgramAddress list) {
  if (!kernel::has_capability(credentials_of(task), CAP_SETGID)) return Error::from_errno(EPERM);
  if (count > kMostGroups) return Error::from_errno(EINVAL);
  std::vector<std::uint32_t> groups(count);
  if (count > 0) TRY(list.read(groups.data(), count * sizeof groups[0]));
  std::sort(groups.begin(), groups.end());
  return change_silently(task, [&](Credentials& c) -> Result<void> {
    c.groups = std::move(groups);
    return {};
  });
}

SysResult sys_capget(Task& task, ProgramAddress header_address, ProgramAddress data) {
  CapabilityHeader header;
  const auto count = load_capability_header(task, header_address, &header);
  if (!count.ok()) {
    if (count.error().errno_value() == EINVAL && data.is_null()) return 0;  // a question for the version
    return count.error();
  }
  TRY(check_capability_target(task, header.pid));
  const Credentials c = credentials_of(task);
  for (std::size_t i = 0; i < count.value(); ++i) {
    const auto half = [i](std::uint64_t set) { return static_cast<std::uint32_t>(set >> (32 * i)); };
    TRY((data + i * sizeof(CapabilityData))
            .store(CapabilityData{half(c.effective), half(c.permitted), half(c.inheritable)}));
  }
  return 0;
}

SysResult sys_capset(Task& task, ProgramAddress header_address, ProgramAddress data) {
  CapabilityHeader header;
  const std::size_t count = TRY(load_capability_header(task, header_address, &header));
  if (header.pid != 0 && header.pid != static_cast<std::int32_t>(task.tid)) return Error::from_errno(EPERM);
  kernel::CapabilitySets wanted{};
  for (std::size_t i = 0; i < count; ++i) {
    const auto part = TRY((data + i * sizeof(CapabilityData)).load<CapabilityData>());
    wanted.effective |= std::uint64_t{part.effective} << (32 * i);
    wanted.permitted |= std::uint64_t{part.permitted} << (32 * i);
    wanted.inheritable |= std::uint64_t{part.inheritable} << (32 * i);
  }
  wanted.effective &= kernel::kAllCapabilities;
  wanted.permitted &= kernel::kAllCapabilities;
  wanted.inheritable &= kernel::kAllCapabilities;
  return change_silently(task, [&](Credentials& c) { return kernel::set_capabilities(c, wanted); });
}
}  // namespace cloister::syscalls
