// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/syscalls/dispatch.h"
#include <array>
#include <cstdio>
#include <mutex>
#include <set>
#include "src/enclave/core/dispatch.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/syscalls/handler_list.h"
#include "src/syscall_table/table.h"
#include "src/enclave/syscalls/thunk.h"
#include "src/enclave/syscalls/trace.h"

namespace cloister::syscalls {
namespace {
struct Row {
  Thunk thunk = nullptr;
  const SystemCallRow* row = nullptr;
};

#define CLOISTER_HANDLER_full(name) &thunk<&sys_##name>
#define CLOISTER_HANDLER_partial(name) &thunk<&sys_##name>
#define CLOISTER_HANDLER_none(name) nullptr

constexpr std::array<Row, core::kSystemCallCount> make_rows() {
  std::array<Row, core::kSystemCallCount> rows{};
#define SYSCALL(name, policy, support, arguments, note) rows[__NR_##name].thunk = CLOISTER_HANDLER_##support(name);
#include "src/syscall_table/syscalls.def"
#undef SYSCALL
  for (const SystemCallRow& row : kSystemCalls) rows[row.number].row = &row;
  return rows;
}
constexpr auto kRows = make_rows();

// Once for each number, so that a program that probes does not flood the console; and not without end for one that
// probes all.
bool is_first_report(std::uint64_t number) {
  static std::mutex mutex;
  static std::set<std::uint64_t> reported;
  const std::lock_guard guard(mutex);
  return reported.size() < 64 && reported.insert(number).second;
}

void report_unknown(std::uint64_t number) {
  if (!is_first_report(number)) return;
  const char* const name = call_name(number);
  char line[96];
  const int size = name != nullptr
                       ? std::snprintf(line, sizeof line, "cloister: system call %s is not served (ENOSYS)\n", name)
                       : std::snprintf(line, sizeof line, "cloister: system call %u is not served (ENOSYS)\n",
                                       static_cast<unsigned>(number));
  core::print_to_host(core::PrintStream::error, line, static_cast<std::size_t>(size));
}
}  // namespace

const char* call_name(std::uint64_t number) {
  return number < kRows.size() && kRows[number].row != nullptr ? kRows[number].row->name : nullptr;
}

long dispatch(void* argument) {
  auto* context = static_cast<core::ProgramContext*>(argument);
  Task& task = *kernel::current_task();
  const std::uint64_t number = context->orig_rax;
  const Row* const row = number < kRows.size() ? &kRows[number] : nullptr;
  if (row == nullptr || row->thunk == nullptr) {
    const bool quiet = row != nullptr && row->row != nullptr && row->row->policy == CallPolicy::denied;
    if (!quiet) report_unknown(number);
    if (core::trace_calls) trace_call(*context, row != nullptr ? row->row : nullptr, -ENOSYS);
    return -ENOSYS;
  }
  if (!core::trace_calls) return row->thunk(task, *context);
  const core::ProgramContext before = *context;
  trace_begin(before, row->row);
  const long result = row->thunk(task, *context);
  trace_call(before, row->row, result);
  return result;
}
}  // namespace cloister::syscalls
