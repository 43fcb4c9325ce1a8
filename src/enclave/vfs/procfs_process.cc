// SPDX-License-Identifier: Apache-2.0
// /proc/PID and /proc/PID/task/TID: which files there are, and the short ones.
#include <linux/capability.h>
#include <algorithm>
#include <charconv>
#include <cstring>
#include "src/enclave/kernel/credentials.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/permissions.h"
#include "src/enclave/vfs/procfs.h"

namespace cloister::vfs {
namespace {
using kernel::Process;

std::string joined(const std::vector<std::string>& strings) {
  std::string text;
  for (const std::string& part : strings) text.append(part).push_back('\0');
  return text;
}

Result<std::string> proc_cmdline(const ProcSubject& subject) {
  const std::lock_guard guard(subject.process.mutex);
  return joined(subject.process.arguments);
}
Result<std::string> proc_environ(const ProcSubject& subject) {
  const std::lock_guard guard(subject.process.mutex);
  return joined(subject.process.environment);
}

Result<std::string> proc_comm(const ProcSubject& subject) {
  const std::lock_guard guard(subject.process.mutex);
  const kernel::Task* const task = subject.process.find_task(subject.tid != 0 ? subject.tid : subject.process.pid);
  const auto& name = task != nullptr ? task->name : subject.process.name;
  return std::string(name.data(), strnlen(name.data(), name.size())) + "\n";
}

Result<std::string> proc_cgroup(const ProcSubject&) { return std::string("0::/\n"); }
Result<std::string> proc_zero(const ProcSubject&) { return std::string("0\n"); }
Result<std::string> proc_out_of_memory_score(const ProcSubject& subject) {
  const std::lock_guard guard(subject.process.mutex);
  return std::to_string(subject.process.out_of_memory_score) + "\n";
}
Result<std::string> proc_no_id(const ProcSubject&) { return std::string("4294967295"); }

struct File {
  const char* name;
  std::uint32_t mode;
  ProcText text;
};
constexpr File kFiles[] = {
    {"cgroup", 0444, proc_cgroup},
    {"cmdline", 0444, proc_cmdline},
    {"comm", 0644, proc_comm},
    {"environ", 0400, proc_environ},
    {"limits", 0444, proc_limits},
    {"loginuid", 0444, proc_no_id},
    {"maps", 0444, proc_maps},
    {"mountinfo", 0444, proc_mount_information},
    {"mounts", 0444, proc_mounts},
    {"oom_score", 0444, proc_zero},
    {"oom_score_adj", 0644, proc_out_of_memory_score},
    {"smaps", 0444, proc_smaps},
    {"stat", 0444, proc_stat},
    {"statm", 0444, proc_statm},
    {"status", 0444, proc_status},
};
struct Link {
  const char* name;
  std::string (*target)(Process&);
};
std::string executable(Process& process) { return process.executable_path; }
std::string working_directory(Process& process) { return process.working_directory; }
std::string root_directory(Process&) { return "/"; }
constexpr Link kLinks[] = {{"cwd", working_directory}, {"exe", executable}, {"root", root_directory}};
enum Item : std::uint64_t {
  kDirectory = 0,
  kFirstFile = 1,
  kFirstLink = 64,
  kFd = 80,
  kFdInfo = 81,
  kTasks = 82,
  kFirstFd = 1 << 12
};

Result<void> set_name(Process& process, std::uint32_t tid, const std::string& text) {
  const std::lock_guard guard(process.mutex);
  kernel::Task* const task = process.find_task(tid != 0 ? tid : process.pid);
  if (task == nullptr) return Error::from_errno(ESRCH);
  const std::size_t size = std::min<std::size_t>(text.find_last_not_of('\n') + 1, task->name.size() - 1);
  task->name.fill('\0');
  std::memcpy(task->name.data(), text.data(), size);
  return {};
}

// Told back as it was set: who is killed for want of memory the host decides without asking.
Result<void> set_out_of_memory_score(Process& process, const std::string& text) {
  constexpr int kLeast = -1000, kMost = 1000;
  const char* const end = text.data() + std::min(text.size(), text.find_last_not_of(" \n") + 1);
  int score = 0;
  if (const auto read = std::from_chars(text.data(), end, score); read.ec != std::errc() || read.ptr != end)
    return Error::from_errno(EINVAL);
  if (score < kLeast || score > kMost) return Error::from_errno(EINVAL);
  const std::lock_guard guard(process.mutex);
  if (score < process.out_of_memory_score && !kernel::has_capability(process.credentials, CAP_SYS_RESOURCE))
    return Error::from_errno(EACCES);
  process.out_of_memory_score = score;
  return {};
}

TextNode::Attributes attributes_of(Process& process, std::uint32_t mode) {
  const kernel::Credentials who = credentials_of(process);
  return {mode, who.euid, who.egid};
}

NodeRef make_file(Process& process, std::uint32_t tid, std::size_t index) {
  const File& file = kFiles[index];
  TextNode::Write write;
  if (file.text == proc_comm)
    write = [&process, tid](Task&, const std::string& text) { return set_name(process, tid, text); };
  if (file.text == proc_out_of_memory_score)
    write = [&process](Task&, const std::string& text) { return set_out_of_memory_score(process, text); };
  return std::make_shared<TextNode>(
      kProcfs, proc_inode(process.pid, tid, kFirstFile + index), attributes_of(process, file.mode),
      [&process, tid, &file](Task& viewer) {
        return file.text({viewer, process, tid});
      },
      std::move(write));
}

NodeRef make_link(Process& process, std::uint32_t tid, std::size_t index) {
  return std::make_shared<GeneratedLink>(kProcfs, proc_inode(process.pid, tid, kFirstLink + index),
                                         [&process, index](Task&) -> Result<std::string> {
                                           const std::lock_guard guard(process.mutex);
                                           return kLinks[index].target(process);
                                         });
}

std::vector<std::uint32_t> task_ids(Process& process) {
  const std::lock_guard guard(process.mutex);
  std::vector<std::uint32_t> ids;
  for (const kernel::Task* task : process.tasks) ids.push_back(task->tid);
  return ids;
}

NodeRef make_task_list(Process& process) {
  const auto lookup = [&process](Task&, const std::string& name) -> Result<NodeRef> {
    for (const std::uint32_t id : task_ids(process))
      if (std::to_string(id) == name) return make_process_directory(process, id);
    return Error::from_errno(ENOENT);
  };
  const auto list = [&process](Task&) -> Result<std::vector<DirectoryEntry>> {
    std::vector<DirectoryEntry> entries;
    for (const std::uint32_t id : task_ids(process))
      entries.push_back({std::to_string(id), proc_inode(process.pid, id, 0), 4});
    return entries;
  };
  return std::make_shared<GeneratedDirectory>(kProcfs, proc_inode(process.pid, 0, kTasks), attributes_of(process, 0555),
                                              lookup, list);
}

Result<NodeRef> find_in_process(Process& process, std::uint32_t tid, const std::string& name) {
  for (std::size_t i = 0; i < std::size(kFiles); ++i)
    if (name == kFiles[i].name) return make_file(process, tid, i);
  for (std::size_t i = 0; i < std::size(kLinks); ++i)
    if (name == kLinks[i].name) return make_link(process, tid, i);
  if (name == "fd") return make_descriptor_directory(process, proc_inode(process.pid, tid, kFd));
  if (name == "fdinfo") return make_descriptor_information(process, proc_inode(process.pid, tid, kFdInfo));
  if (name == "task" && tid == 0) return make_task_list(process);
  return Error::from_errno(ENOENT);
}
}  // namespace

NodeRef make_process_directory(Process& process, std::uint32_t tid) {
  const auto lookup = [&process, tid](Task&, const std::string& name) { return find_in_process(process, tid, name); };
  const auto list = [&process, tid](Task&) -> Result<std::vector<DirectoryEntry>> {
    std::vector<DirectoryEntry> entries;
    for (std::size_t i = 0; i < std::size(kFiles); ++i)
      entries.push_back({kFiles[i].name, proc_inode(process.pid, tid, kFirstFile + i), entry_type(S_IFREG)});
    for (std::size_t i = 0; i < std::size(kLinks); ++i)
      entries.push_back({kLinks[i].name, proc_inode(process.pid, tid, kFirstLink + i), entry_type(S_IFLNK)});
    entries.push_back({"fd", proc_inode(process.pid, tid, kFd), entry_type(S_IFDIR)});
    entries.push_back({"fdinfo", proc_inode(process.pid, tid, kFdInfo), entry_type(S_IFDIR)});
    if (tid == 0) entries.push_back({"task", proc_inode(process.pid, 0, kTasks), entry_type(S_IFDIR)});
    return entries;
  };
  return std::make_shared<GeneratedDirectory>(kProcfs, proc_inode(process.pid, tid, kDirectory),
                                              attributes_of(process, 0555), lookup, list);
}
}  // namespace cloister::vfs
