// SPDX-License-Identifier: Apache-2.0
// `cloister syscalls`: the table, for people, as JSON, or as the documentation's page.
#include "src/cli/verb_syscalls.h"
#include <memory>
#include <nlohmann/json.hpp>
#include "src/boundary/host_call_table.h"
#include "src/syscall_table/table.h"

namespace cloister {
namespace {
void print(bool json, bool markdown) {
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  if (markdown)
    std::printf(
        "# System calls\n\nMade from `src/syscall_table/syscalls.def` by `cloister syscalls --markdown`; do not "
        "edit.\n\n"
        "A call that is not listed gives ENOSYS, is counted, and is reported once by name.\n\n"
        "| number | call | policy | support | note |\n|---|---|---|---|---|\n");
  for (const SystemCallRow& row : kSystemCalls) {
    const char* const policy = kPolicyNames[static_cast<int>(row.policy)];
    const char* const support = kSupportNames[static_cast<int>(row.support)];
    if (json)
      document.push_back(
          {{"number", row.number}, {"name", row.name}, {"policy", policy}, {"support", support}, {"note", row.note}});
    else if (markdown)
      std::printf("| %u | %s | %s | %s | %s |\n", row.number, row.name, policy, support, row.note);
    else
      std::printf("%3u  %-24s %-12s %-8s %s\n", row.number, row.name, policy, support, row.note);
  }
  if (json) std::printf("%s\n", document.dump(2).c_str());
}

void print_host_calls(bool json) {
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  for (const HostCallRow& row : kHostCalls) {
    const bool service = row.number >= kFirstHostService;
    if (json)
      document.push_back({{"name", row.name},
                          {"number", service ? -1 : static_cast<int>(row.number)},
                          {"service", service},
                          {"why", row.why}});
    else
      std::printf("%-20s %-8s %s\n", row.name, service ? "service" : "call", row.why);
  }
  for (const HostPartCall& call : kHostPartCalls) {
    if (json)
      document.push_back({{"name", call.name}, {"number", call.number}, {"host_part", true}, {"why", call.why}});
    else
      std::printf("%-20s %-8s %s\n", call.name, "host part", call.why);
  }
  if (json) std::printf("%s\n", document.dump(2).c_str());
}
}  // namespace

void add_syscalls_verb(CLI::App& app, int& exit_status) {
  auto* const verb = app.add_subcommand("syscalls", "List the system calls, how they are served, and how completely");
  const auto json = std::make_shared<bool>(false);
  const auto markdown = std::make_shared<bool>(false);
  const auto host = std::make_shared<bool>(false);
  verb->add_flag("--json", *json, "machine-readable output");
  verb->add_flag("--markdown", *markdown, "the page docs/syscalls.md");
  verb->add_flag("--host", *host, "the host-call table instead: what the enclave asks of the host, and why");
  verb->callback([&exit_status, json, markdown, host] {
    if (*host)
      print_host_calls(*json);
    else
      print(*json, *markdown);
    exit_status = 0;
  });
}
}  // namespace cloister
