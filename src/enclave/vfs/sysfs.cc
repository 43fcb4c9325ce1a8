// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/sysfs.h"
#include "src/enclave/kernel/scheduling.h"
#include "src/enclave/vfs/generated.h"

namespace cloister::vfs {
namespace {
using Read = TextNode::Read;

std::shared_ptr<StaticDirectory> directory_at(StaticDirectory& root, const char* path) {
  StaticDirectory* directory = &root;
  std::shared_ptr<StaticDirectory> made;
  std::string rest = path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string name = rest.substr(0, end);
    rest.erase(0, std::min(end + 1, rest.size()));
    if (Node* const found = directory->find(name)) {
      made = std::static_pointer_cast<StaticDirectory>(found->shared_from_this());
    } else {
      made = std::make_shared<StaticDirectory>(kSysfs, HostBacked::no);
      directory->add(name, made);
    }
    directory = made.get();
  }
  return made;
}

void add_text(StaticDirectory& directory, const char* name, Read read) {
  static std::uint64_t last = 0;  // only while the tree is built
  directory.add(name,
                std::make_shared<TextNode>(kSysfs, (1ULL << 61) + ++last, TextNode::Attributes{}, std::move(read)));
}

Read constant(const char* text) {
  return [text](Task&) -> Result<std::string> { return std::string(text); };
}

Result<std::string> cpu_range(Task&) {
  const std::uint32_t count = kernel::cpu_count();
  return count <= 1 ? std::string("0\n") : "0-" + std::to_string(count - 1) + "\n";
}
}  // namespace

NodeRef make_sysfs() {
  auto root = std::make_shared<StaticDirectory>(kSysfs, HostBacked::no);
  const auto cpu = directory_at(*root, "devices/system/cpu");
  for (const char* name : {"online", "possible", "present"}) add_text(*cpu, name, cpu_range);
  add_text(*cpu, "kernel_max", constant("1023\n"));
  for (std::uint32_t i = 0; i < kernel::cpu_count(); ++i) {
    const auto topology = directory_at(*cpu, ("cpu" + std::to_string(i) + "/topology").c_str());
    const std::string id = std::to_string(i) + "\n";
    add_text(*topology, "core_id", [id](Task&) -> Result<std::string> { return id; });
    add_text(*topology, "physical_package_id", constant("0\n"));
  }
  add_text(*directory_at(*root, "devices/system/node"), "online", constant("0\n"));
  const auto clock = directory_at(*root, "devices/system/clocksource/clocksource0");
  add_text(*clock, "available_clocksource", constant("tsc\n"));
  add_text(*clock, "current_clocksource", constant("tsc\n"));
  const auto huge_pages = directory_at(*root, "kernel/mm/transparent_hugepage");
  add_text(*huge_pages, "enabled", constant("always madvise [never]\n"));
  add_text(*huge_pages, "hpage_pmd_size", constant("2097152\n"));
  directory_at(*root, "fs");
  return root;
}
}  // namespace cloister::vfs
