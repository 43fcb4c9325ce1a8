// SPDX-License-Identifier: Apache-2.0
// The Linux that programs see. Nothing of the host's.
#pragma once

namespace cloister::kernel {
inline constexpr char kSystemName[] = "Linux";
inline constexpr char kNodeName[] = "cloister";
inline constexpr char kRelease[] = "6.1.0";
inline constexpr char kVersion[] = "#1 SMP PREEMPT_DYNAMIC Cloister";
inline constexpr char kMachine[] = "x86_64";
inline constexpr char kDomainName[] = "(none)";
}  // namespace cloister::kernel
