// SPDX-License-Identifier: Apache-2.0
// /proc/PID/{maps,smaps} and what mount tables look like.
#include <sys/mman.h>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/namespace.h"
#include "src/enclave/vfs/procfs.h"

namespace cloister::vfs {
namespace {
using ull = unsigned long long;

std::string mapping_line(const kernel::Mapping& mapping) {
  std::string line =
      format("%llx-%llx %c%c%c%c %08llx 00:00 %llu", ull{mapping.start}, ull{mapping.end},
             (mapping.protection & PROT_READ) != 0 ? 'r' : '-', (mapping.protection & PROT_WRITE) != 0 ? 'w' : '-',
             (mapping.protection & PROT_EXEC) != 0 ? 'x' : '-', (mapping.flags & MAP_SHARED) != 0 ? 's' : 'p',
             ull{mapping.file_offset}, mapping.file != nullptr ? 1ULL : 0ULL);
  const std::string& name = mapping.file != nullptr ? mapping.file->path() : mapping.name;
  if (!name.empty()) {
    constexpr std::size_t kNameColumn = 73;
    line.append(line.size() < kNameColumn ? kNameColumn - line.size() : 1, ' ');
    line += name;
  }
  return line + "\n";
}
}  // namespace

Result<std::string> proc_maps(const ProcSubject& subject) {
  std::string text;
  for (const kernel::Mapping& mapping : subject.process.memory->snapshot()) text += mapping_line(mapping);
  return text;
}

// Which pages are there is not told by mapping; what is accessible counts as resident.
Result<std::string> proc_smaps(const ProcSubject& subject) {
  std::string text;
  for (const kernel::Mapping& mapping : subject.process.memory->snapshot()) {
    const ull size = (mapping.end - mapping.start) / 1024;
    const ull resident = mapping.protection != PROT_NONE ? size : 0;
    text += mapping_line(mapping);
    text += format(
        "Size:           %8llu kB\nKernelPageSize:        4 kB\nMMUPageSize:           4 kB\nRss:            %8llu "
        "kB\nPss:            %8llu kB\n",
        size, resident, resident);
    text += format(
        "Shared_Clean:          0 kB\nShared_Dirty:          0 kB\nPrivate_Clean:         0 kB\nPrivate_Dirty:  %8llu "
        "kB\n",
        resident);
    text +=
        "Referenced:            0 kB\nAnonymous:             0 kB\nLazyFree:              0 kB\nAnonHugePages:         "
        "0 kB\n";
    text += format("Swap:                  0 kB\nSwapPss:               0 kB\nLocked:         %8llu kB\nVmFlags:\n",
                   (mapping.flags & MAP_LOCKED) != 0 ? resident : 0);
  }
  return text;
}

Result<std::string> proc_mounts(const ProcSubject& subject) {
  std::string text;
  for (const Mount& mount : subject.process.files->mounts())
    text += mount.type + " " + mount.path + " " + mount.type + " " + mount.options + " 0 0\n";
  return text;
}

Result<std::string> proc_mount_information(const ProcSubject& subject) {
  std::string text;
  unsigned id = 20;
  for (const Mount& mount : subject.process.files->mounts()) {
    ++id;
    const unsigned parent = mount.path == "/" ? 1 : 21;
    text += format("%u %u 0:%u / ", id, parent, static_cast<unsigned>(mount.device & 0xff)) + mount.path + " " +
            mount.options + " - " + mount.type + " " + mount.type + " " + mount.options + "\n";
  }
  return text;
}
}  // namespace cloister::vfs
