// SPDX-License-Identifier: Apache-2.0
// What uname(2) and /proc say about the system: the interface that programs find, never the host's own. Trusted, kernel storey.
#pragma once

namespace cloister::kernel {
inline constexpr const char kSystemName[] = "Linux";
inline constexpr const char kSystemRelease[] = "6.1.0-cloister";
inline constexpr const char kSystemVersion[] = "#1 SMP Cloister";
inline constexpr const char kSystemMachine[] = "x86_64";
inline constexpr const char kHostName[] = "localhost";
}  // namespace cloister::kernel
