// SPDX-License-Identifier: Apache-2.0
// /proc: synthesised from our own state; no value of the host passes through. Trusted, kernel storey.
#pragma once
#include "src/enclave/vfs/generated.h"

namespace cloister::kernel {
class Process;
}

namespace cloister::vfs {
inline constexpr std::uint64_t kTick = 10'000'000;  // ns: times are shown in hundredths of a second
NodeRef make_procfs();

// Parts of it, for procfs*.cc.
// The directory of a process (`tid` 0) or of one of its tasks.
NodeRef make_process_directory(kernel::Process& process, std::uint32_t tid);
NodeRef make_descriptor_directory(kernel::Process& process, std::uint64_t number);
NodeRef make_descriptor_information(kernel::Process& process, std::uint64_t number);
void add_system_files(class StaticDirectory& root);

// What a text is about. The viewer is the task that reads.
struct ProcSubject {
  Task& viewer;
  kernel::Process& process;
  std::uint32_t tid;
};
using ProcText = Result<std::string> (*)(const ProcSubject&);
Result<std::string> proc_status(const ProcSubject&);
Result<std::string> proc_stat(const ProcSubject&);
Result<std::string> proc_statm(const ProcSubject&);
Result<std::string> proc_limits(const ProcSubject&);
Result<std::string> proc_maps(const ProcSubject&);
Result<std::string> proc_smaps(const ProcSubject&);
Result<std::string> proc_mounts(const ProcSubject&);
Result<std::string> proc_mount_information(const ProcSubject&);

// Stable inode numbers of what is made anew at each look.
std::uint64_t proc_inode(std::uint64_t process, std::uint64_t task, std::uint64_t item);
// printf into a string; for short lines.
std::string format(const char* text, ...) __attribute__((format(printf, 1, 2)));
}  // namespace cloister::vfs
