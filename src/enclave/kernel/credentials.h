// SPDX-License-Identifier: Apache-2.0
// Who the program is: Linux's rules for changing user, group and capabilities, on emulated credentials. Pure functions.
// Trusted.
#pragma once
#include "src/base/result.h"
#include "src/enclave/kernel/process.h"

namespace cloister::kernel {
inline constexpr std::uint64_t kAllCapabilities = (1ULL << 41) - 1;
inline constexpr std::uint32_t kUnchanged = ~0u;

// Of a process that starts as this user: all ids alike, every capability for root.
Credentials initial_credentials(std::uint32_t uid, std::uint32_t gid);
bool has_capability(const Credentials& credentials, int capability);

// Each answers as the call of its name. EPERM; for set_fs_*_id the old id.
Result<void> set_uid(Credentials& credentials, std::uint32_t uid);
Result<void> set_gid(Credentials& credentials, std::uint32_t gid);
Result<void> set_reuid(Credentials& credentials, std::uint32_t real, std::uint32_t effective);
Result<void> set_regid(Credentials& credentials, std::uint32_t real, std::uint32_t effective);
Result<void> set_resuid(Credentials& credentials, std::uint32_t real, std::uint32_t effective, std::uint32_t saved);
Result<void> set_resgid(Credentials& credentials, std::uint32_t real, std::uint32_t effective, std::uint32_t saved);
std::uint32_t set_fs_uid(Credentials& credentials, std::uint32_t uid);
std::uint32_t set_fs_gid(Credentials& credentials, std::uint32_t gid);
struct CapabilitySets {
  std::uint64_t effective, permitted, inheritable;
};
Result<void> set_capabilities(Credentials& credentials, const CapabilitySets& sets);
}  // namespace cloister::kernel
