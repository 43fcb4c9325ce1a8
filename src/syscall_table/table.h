// SPDX-License-Identifier: Apache-2.0
// The system-call table as data, without its handlers: for the CLI and the documentation. Constants only.
#pragma once
#include <asm/unistd_64.h>
#include <cstdint>

namespace cloister {
enum class CallPolicy : std::uint8_t { emulated, shielded, passthrough, denied };
enum class CallSupport : std::uint8_t { full, partial, none };
struct SystemCallRow {
  std::uint16_t number;
  const char* name;
  CallPolicy policy;
  CallSupport support;
  const char* arguments;
  const char* note;
};
inline constexpr SystemCallRow kSystemCalls[] = {
#define SYSCALL(name, policy, support, arguments, note) \
  {__NR_##name, #name, CallPolicy::policy, CallSupport::support, arguments, note},
#include "src/syscall_table/syscalls.def"
#undef SYSCALL
};
inline constexpr const char* kPolicyNames[] = {"emulated", "shielded", "passthrough", "denied"};
inline constexpr const char* kSupportNames[] = {"full", "partial", "none"};

consteval bool rows_ascend() {
  for (std::size_t i = 1; i < sizeof kSystemCalls / sizeof kSystemCalls[0]; ++i)
    if (kSystemCalls[i - 1].number >= kSystemCalls[i].number) return false;
  return true;
}
consteval bool gaps_are_explained() {
  for (const SystemCallRow& row : kSystemCalls)
    if (row.support != CallSupport::full && row.note[0] == '\0') return false;
  return true;
}
static_assert(rows_ascend(), "syscalls.def: rows must be in the order of Linux's numbers");
static_assert(gaps_are_explained(), "syscalls.def: every row that is not full needs a note");
}  // namespace cloister
