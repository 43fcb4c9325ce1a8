// SPDX-License-Identifier: Apache-2.0
// /proc/PID/{status,stat,statm,limits}.
#include <cstring>
#include "src/enclave/kernel/cpu_time.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/procfs.h"

namespace cloister::vfs {
namespace {
using kernel::Process;
using ull = unsigned long long;

// What is taken under the process's lock, so that the text can be made without it.
struct Snapshot {
  std::string name;
  std::uint32_t tid = 0, pid = 0, parent = 0, group = 0, session = 0;
  std::size_t threads = 0;
  int nice = 0;
  char state = 'S';
  std::uint64_t start_time = 0, blocked = 0, thread_pending = 0, process_pending = 0, ignored = 0, caught = 0, mask = 0;
  kernel::Credentials credentials;
  bool no_new_privileges = false;
};

Result<Snapshot> take(const ProcSubject& subject) {
  Process& process = subject.process;
  Snapshot s;
  const std::lock_guard guard(process.mutex);
  s.tid = subject.tid != 0 ? subject.tid : process.pid;
  s.pid = process.pid;
  s.parent = process.parent_pid;
  s.group = process.process_group;
  s.session = process.session;
  s.threads = process.tasks.size();
  s.start_time = process.start_time;
  s.credentials = process.credentials;
  s.no_new_privileges = process.no_new_privileges;
  s.process_pending = process.pending.set;
  s.mask = process.file_mode_mask;
  s.name.assign(process.name.data(), strnlen(process.name.data(), process.name.size()));
  if (const kernel::Task* const task = process.find_task(s.tid)) {
    s.name.assign(task->name.data(), strnlen(task->name.data(), task->name.size()));
    s.blocked = task->signal_mask;
    s.thread_pending = task->pending.set;
    s.nice = task->nice;
    if (subject.tid != 0) s.start_time = task->start_time;
    if (task == &subject.viewer) s.state = 'R';  // whoever reads runs; others are taken to wait
  } else if (subject.tid != 0) {
    return Error::from_errno(ESRCH);
  }
  for (int signal = 1; signal <= 64; ++signal) {
    const std::uint64_t handler = process.actions[static_cast<std::size_t>(signal)].handler;
    if (handler == 1)
      s.ignored |= kernel::signal_bit(signal);
    else if (handler != 0)
      s.caught |= kernel::signal_bit(signal);
  }
  return s;
}

ull kilobytes(std::uint64_t bytes) { return bytes / 1024; }
}  // namespace

Result<std::string> proc_status(const ProcSubject& subject) {
  const Snapshot s = TRY(take(subject));
  const auto usage = subject.process.memory->usage();
  const kernel::Credentials& c = s.credentials;
  std::string text =
      format("Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\nTgid:\t%u\nNgid:\t0\nPid:\t%u\nPPid:\t%u\nTracerPid:\t0\n",
             s.name.c_str(), static_cast<unsigned>(s.mask), s.state, s.state == 'R' ? "running" : "sleeping", s.pid,
             s.tid, s.parent);
  text += format("Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t256\nGroups:\t", c.uid, c.euid, c.suid, c.fsuid,
                 c.gid, c.egid, c.sgid, c.fsgid);
  for (const std::uint32_t group : c.groups) text += std::to_string(group) + " ";
  text += format("\nNStgid:\t%u\nNSpid:\t%u\nNSpgid:\t%u\nNSsid:\t%u\n", s.pid, s.tid, s.group, s.session);
  text += format(
      "VmPeak:\t%8llu kB\nVmSize:\t%8llu kB\nVmLck:\t%8llu kB\nVmPin:\t       0 kB\nVmHWM:\t%8llu kB\nVmRSS:\t%8llu "
      "kB\n",
      kilobytes(usage.mapped_bytes), kilobytes(usage.mapped_bytes), kilobytes(usage.locked_bytes),
      kilobytes(usage.committed_bytes), kilobytes(usage.committed_bytes));
  text += format(
      "RssAnon:\t%8llu kB\nRssFile:\t       0 kB\nRssShmem:\t       0 kB\nVmData:\t%8llu kB\nVmStk:\t%8llu "
      "kB\nVmExe:\t%8llu kB\n",
      kilobytes(usage.committed_bytes), kilobytes(usage.data_bytes), kilobytes(usage.stack_bytes),
      kilobytes(usage.code_bytes));
  text += format("VmLib:\t       0 kB\nVmPTE:\t       0 kB\nVmSwap:\t       0 kB\nThreads:\t%zu\nSigQ:\t0/32768\n",
                 s.threads);
  text += format("SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
                 ull{s.thread_pending}, ull{s.process_pending}, ull{s.blocked}, ull{s.ignored}, ull{s.caught});
  text += format(
      "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\nNoNewPrivs:\t%"
      "d\nSeccomp:\t0\n",
      ull{c.inheritable}, ull{c.permitted}, ull{c.effective}, ull{c.bounding}, ull{c.ambient},
      s.no_new_privileges ? 1 : 0);
  text += "Cpus_allowed_list:\t0\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n";
  return text;
}

Result<std::string> proc_stat(const ProcSubject& subject) {
  const Snapshot s = TRY(take(subject));
  const auto usage = subject.process.memory->usage();
  const std::uint64_t time = kernel::process_cpu_time(subject.process) / kTick;
  std::string text =
      format("%u (%s) %c %u %u %u 0 -1 4194304 0 0 0 0 %llu 0 0 0 %d %d %zu 0 %llu %llu %llu 18446744073709551615",
             s.tid, s.name.c_str(), s.state, s.parent, s.group, s.session, ull{time}, 20 + s.nice, s.nice, s.threads,
             ull{s.start_time / kTick}, ull{usage.mapped_bytes}, ull{usage.committed_bytes / layout::kPageSize});
  // startcode … kstkeip are for the owner only on Linux and 0 here; then signals, wchan, exit signal, processor, …
  text += format(" 0 0 0 0 0 %llu %llu %llu %llu 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                 ull{s.thread_pending & 0x7fff'ffff}, ull{s.blocked & 0x7fff'ffff}, ull{s.ignored & 0x7fff'ffff},
                 ull{s.caught & 0x7fff'ffff});
  return text;
}

Result<std::string> proc_statm(const ProcSubject& subject) {
  const auto usage = subject.process.memory->usage();
  return format("%llu %llu 0 %llu 0 %llu 0\n", ull{usage.mapped_bytes / layout::kPageSize},
                ull{usage.committed_bytes / layout::kPageSize}, ull{usage.code_bytes / layout::kPageSize},
                ull{(usage.data_bytes + usage.stack_bytes) / layout::kPageSize});
}

Result<std::string> proc_limits(const ProcSubject& subject) {
  struct Row {
    int resource;
    const char *name, *unit;
  };
  static constexpr Row kRows[] = {
      {RLIMIT_CPU, "Max cpu time", "seconds"},         {RLIMIT_FSIZE, "Max file size", "bytes"},
      {RLIMIT_DATA, "Max data size", "bytes"},         {RLIMIT_STACK, "Max stack size", "bytes"},
      {RLIMIT_CORE, "Max core file size", "bytes"},    {RLIMIT_RSS, "Max resident set", "bytes"},
      {RLIMIT_NPROC, "Max processes", "processes"},    {RLIMIT_NOFILE, "Max open files", "files"},
      {RLIMIT_MEMLOCK, "Max locked memory", "bytes"},  {RLIMIT_AS, "Max address space", "bytes"},
      {RLIMIT_LOCKS, "Max file locks", "locks"},       {RLIMIT_SIGPENDING, "Max pending signals", "signals"},
      {RLIMIT_MSGQUEUE, "Max msgqueue size", "bytes"}, {RLIMIT_NICE, "Max nice priority", ""},
      {RLIMIT_RTPRIO, "Max realtime priority", ""},    {RLIMIT_RTTIME, "Max realtime timeout", "us"},
  };
  const auto value = [](rlim_t limit) {
    return limit == RLIM_INFINITY ? std::string("unlimited") : std::to_string(limit);
  };
  std::string text = format("%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
  const std::lock_guard guard(subject.process.mutex);
  for (const Row& row : kRows) {
    const rlimit& limit = subject.process.limits[static_cast<std::size_t>(row.resource)];
    text += format("%-25s %-20s %-20s %-10s\n", row.name, value(limit.rlim_cur).c_str(), value(limit.rlim_max).c_str(),
                   row.unit);
  }
  return text;
}
}  // namespace cloister::vfs
