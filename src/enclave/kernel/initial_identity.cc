// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/initial_identity.h"
#include <algorithm>
#include <cstring>
#include "src/enclave/kernel/credentials.h"
#include "src/enclave/kernel/host_strings.h"
#include "src/enclave/vfs/host_locations.h"

namespace cloister::kernel {
namespace {
constexpr std::uint64_t kProcessIdMask = (1 << 22) - 1;
constexpr std::uint64_t kNobody = 65534;

std::uint32_t process_id(std::uint64_t claimed) { return static_cast<std::uint32_t>(claimed & kProcessIdMask); }

// All ones is no user or group: calls take it for "unchanged".
std::uint32_t user_id(std::uint64_t claimed) {
  return static_cast<std::uint32_t>(claimed < kUnchanged ? claimed : kNobody);
}

std::vector<std::string> make_environment(const LaunchManifest& manifest, const HostStrings& host) {
  std::vector<std::string> environment;
  for (const std::string& entry : manifest.environment) {
    if (entry.find('=') != std::string::npos) {
      environment.push_back(entry);
      continue;
    }
    for (const std::string& offered : host.environment)
      if (offered.compare(0, entry.size() + 1, entry + "=") == 0) environment.push_back(offered);
  }
  return environment;
}

void follow_host_user(Process& process, const StartParameters& host) {
  process.credentials = initial_credentials(user_id(host.host_uid), user_id(host.host_gid));
  const std::uint64_t count = std::min<std::uint64_t>(host.host_group_count, kMaxHostGroups);
  for (std::uint64_t i = 0; i < count; ++i) process.credentials.groups.push_back(user_id(host.host_groups[i]));
  std::sort(process.credentials.groups.begin(), process.credentials.groups.end());
  process.start_credentials = process.credentials;
  process.parent_pid = process_id(host.host_parent_pid);
  // A process that leads no group and no session may become a leader by setpgid or setsid.
  if (const std::uint32_t group = process_id(host.host_process_group); group != 0) process.process_group = group;
  if (const std::uint32_t session = process_id(host.host_session); session != 0) process.session = session;
}
}  // namespace

std::uint32_t initial_pid(const StartParameters& host) { return std::max(process_id(host.host_pid), 1u); }

void set_initial_identity(Process& process, const StartParameters& host, const char* strings) {
  const LaunchManifest& manifest = *process.manifest;
  HostStrings given = read_host_strings(host, strings);
  vfs::set_host_locations(std::move(given.locations));
  process.arguments = (manifest.flags & kInsecureHostArguments) != 0 ? given.arguments : manifest.arguments;
  if (process.arguments.empty()) process.arguments = {manifest.program};
  process.environment = make_environment(manifest, given);
  if (!manifest.working_directory.empty()) process.working_directory = manifest.working_directory;
  if ((manifest.flags & kInsecureHostDirectory) != 0 && !given.directory.empty() && given.directory.front() == '/')
    process.working_directory = given.directory;
  process.executable_path = manifest.program;
  const std::string base = manifest.program.substr(manifest.program.rfind('/') + 1);
  std::strncpy(process.name.data(), base.c_str(), process.name.size() - 1);
  if (manifest.follows_host_user()) follow_host_user(process, host);
}
}  // namespace cloister::kernel
