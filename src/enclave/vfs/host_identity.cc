// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_identity.h"
#include <algorithm>
#include <fcntl.h>
#include "src/enclave/core/host_call.h"
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/host_paths.h"
#include "src/enclave/vfs/permissions.h"

namespace cloister::vfs {
namespace {
// What the calling thread's partner on the host was told last. A new one has its maker's ids; but then the process's
// version is no longer zero.
thread_local std::uint64_t applied_version = 0;
constexpr std::uint64_t kOtherVersion = ~std::uint64_t{0};

bool follows(const kernel::Process& process) { return process.manifest->follows_host_user(); }

// The host's answers are of no use: setfsuid and setfsgid tell the id before, and nobody is asked whether a group may
// be left.
void tell(std::uint32_t user, std::uint32_t group, const std::vector<std::uint32_t>& groups) {
  constexpr std::size_t kMostAtOnce = kBounceSize / sizeof(std::uint32_t);  // fewer groups open less
  const std::size_t count = std::min(groups.size(), kMostAtOnce);
  core::copy_to_host(core::bounce_buffer(), groups.data(), count * sizeof(std::uint32_t));
  core::host_call(HostCall::setgroups, count, core::bounce_buffer());
  core::host_call(HostCall::setfsgid, group);
  core::host_call(HostCall::setfsuid, user);
}
}  // namespace

void apply_host_identity(Task& task) {
  const std::uint64_t version = task.process.identity_version.load(std::memory_order_acquire);
  if (version == applied_version || !follows(task.process)) return;
  const kernel::Credentials who = credentials_of(task.process);
  tell(who.fsuid, who.fsgid, who.groups);
  applied_version = version;
}

Result<void> apply_host_identity(Task& task, const std::string& base, const std::string& path) {
  if (task.process.identity_version.load(std::memory_order_acquire) == 0 || !follows(task.process)) return {};
  apply_host_identity(task);
  if (path.empty() || path.front() == '/') return {};
  const auto reached = check_host_access(base, kExecute, AT_EACCESS);
  if (reached.ok() || reached.error().errno_value() != EACCES) return {};
  const kernel::Credentials& start = task.process.start_credentials;
  tell(start.fsuid, start.fsgid, start.groups);
  applied_version = kOtherVersion;
  const auto status = host_path_status(base, 0);
  if (!status.ok()) return {};  // a directory of ours, or one that has gone
  return check_access(credentials_of(task.process), status.value(), kExecute);
}

bool apply_real_host_identity(Task& task) {
  if (task.process.identity_version.load(std::memory_order_acquire) == 0 || !follows(task.process)) return false;
  const kernel::Credentials who = credentials_of(task.process);
  tell(who.uid, who.gid, who.groups);
  applied_version = kOtherVersion;
  return true;
}
}  // namespace cloister::vfs
