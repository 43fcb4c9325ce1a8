// SPDX-License-Identifier: Apache-2.0
// The root of /proc.
#include "src/enclave/vfs/procfs.h"
#include <cstdarg>
#include <algorithm>
#include <cstdio>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/static_tree.h"

namespace cloister::vfs {

std::string format(const char* text, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, text);
  const int size = std::vsnprintf(line, sizeof line, text, arguments);
  va_end(arguments);
  return std::string(line, std::min(static_cast<std::size_t>(size < 0 ? 0 : size), sizeof line - 1));
}

std::uint64_t proc_inode(std::uint64_t process, std::uint64_t task, std::uint64_t item) {
  return 1ULL << 62 | process << 40 | (task & 0xff'ffff) << 16 | (item & 0xffff);
}

namespace {
// A decimal number without leading zeros, or 0.
std::uint32_t number_of(const std::string& name) {
  if (name.empty() || name.size() > 9 || name.front() == '0') return 0;
  std::uint32_t value = 0;
  for (const char digit : name) {
    if (digit < '0' || digit > '9') return 0;
    value = value * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  return value;
}
}  // namespace

NodeRef make_procfs() {
  auto fixed = std::make_shared<StaticDirectory>(kProcfs, HostBacked::no);
  add_system_files(*fixed);
  fixed->add("self",
             std::make_shared<GeneratedLink>(kProcfs, proc_inode(0, 0, 1), [](Task& task) -> Result<std::string> {
               return std::to_string(task.process.pid);
             }));
  fixed->add("thread-self",
             std::make_shared<GeneratedLink>(kProcfs, proc_inode(0, 0, 2), [](Task& task) -> Result<std::string> {
               return std::to_string(task.process.pid) + "/task/" + std::to_string(task.tid);
             }));
  fixed->add("mounts", std::make_shared<StaticLink>(kProcfs, "self/mounts"));
  const auto lookup = [fixed](Task& task, const std::string& name) -> Result<NodeRef> {
    if (Node* const found = fixed->find(name)) return found->shared_from_this();
    if (number_of(name) != task.process.pid) return Error::from_errno(ENOENT);
    return make_process_directory(task.process, 0);
  };
  const auto list = [fixed](Task& task) -> Result<std::vector<DirectoryEntry>> {
    std::vector<DirectoryEntry> entries = TRY(fixed->entries(task));
    entries.push_back({std::to_string(task.process.pid), proc_inode(task.process.pid, 0, 0), 4});
    return entries;
  };
  return std::make_shared<GeneratedDirectory>(kProcfs, 1, TextNode::Attributes{0555, 0, 0}, lookup, list);
}
}  // namespace cloister::vfs
