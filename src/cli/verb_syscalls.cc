// SPDX-License-Identifier: Apache-2.0
// `cloister syscalls`: the table, for people, as JSON, or as the documentation's page.
#include "src/cli/verb_syscalls.h"
#include <nlohmann/json.hpp>
#include "src/enclave/syscalls/table.h"

namespace cloister {
namespace {
void print(bool json, bool markdown) {
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  if (markdown)
    std::printf("# System calls\n\nMade from `src/enclave/syscalls/syscalls.def` by `cloister syscalls --markdown`; do not edit.\n\n"
                "A call that is not listed gives ENOSYS, is counted, and is reported once by name.\n\n"
                "| number | call | policy | support | note |\n|---|---|---|---|---|\n");
  for (const SystemCallRow& row : kSystemCalls) {
    const char* const policy = kPolicyNames[static_cast<int>(row.policy)];
    const char* const support = kSupportNames[static_cast<int>(row.support)];
    if (json) document.push_back({{"number", row.number}, {"name", row.name}, {"policy", policy}, {"support", support}, {"note", row.note}});
    else if (markdown) std::printf("| %u | %s | %s | %s | %s |\n", row.number, row.name, policy, support, row.note);
    else std::printf("%3u  %-24s %-12s %-8s %s\n", row.number, row.name, policy, support, row.note);
  }
  if (json) std::printf("%s\n", document.dump(2).c_str());
}
}  // namespace

void add_syscalls_verb(CLI::App& app, int& exit_status) {
  auto* const verb = app.add_subcommand("syscalls", "List the system calls, how they are served, and how completely");
  auto* const json = verb->add_flag("--json", "machine-readable output");
  auto* const markdown = verb->add_flag("--markdown", "the page docs/syscalls.md");
  verb->callback([&exit_status, json, markdown] {
    print(json->count() > 0, markdown->count() > 0);
    exit_status = 0;
  });
}
}  // namespace cloister
