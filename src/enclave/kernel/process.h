// SPDX-License-Identifier: Apache-2.0
// A process: ids, credentials, memory, descriptors, working directory, signals, limits. Trusted, kernel storey. Nothing
// that a process owns is a global; several can exist, and everything a child inherits hangs below here.
#pragma once
#include <sys/resource.h>
#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/descriptor_table.h"
#include "src/enclave/kernel/signal_state.h"
#include "src/enclave/kernel/wait_queue.h"
#include "src/manifest/launch_manifest.h"

namespace cloister::vfs {
class Namespace;
}

namespace cloister::kernel {
class Task;
class ProcessTimers;  // timers.h

// Emulated: they decide about the program's own objects and about what it is told, never about the host.
struct Credentials {
  std::uint32_t uid = 0, euid = 0, suid = 0, fsuid = 0;
  std::uint32_t gid = 0, egid = 0, sgid = 0, fsgid = 0;
  std::vector<std::uint32_t> groups;
  std::uint64_t permitted = 0, effective = 0, inheritable = 0, bounding = 0, ambient = 0;  // capability n: bit n
  bool keep_capabilities = false;                                                          // PR_SET_KEEPCAPS
};

class Process {
 public:
  Process(std::uint32_t pid, std::shared_ptr<const LaunchManifest> manifest);
  ~Process();

  const std::uint32_t pid;
  std::uint32_t parent_pid = 0, process_group = 0, session = 0;
  const std::shared_ptr<const LaunchManifest> manifest;
  std::shared_ptr<AddressSpace> memory;
  DescriptorTable descriptors;
  std::shared_ptr<vfs::Namespace> files;  // mounts and path resolution

  std::mutex mutex;  // guards what follows
  Credentials credentials;
  std::string working_directory = "/";
  std::uint32_t file_mode_mask = 022;
  std::array<rlimit, RLIM_NLIMITS> limits{};
  std::string executable_path;         // /proc/self/exe
  std::vector<std::string> arguments;  // /proc/self/cmdline
  std::vector<std::string> environment;
  std::array<char, 16> name{};  // comm
  std::array<SignalAction, 65> actions{};
  PendingSignals pending;    // process-directed
  WaitQueue signal_arrived;  // of any of its tasks: signalfd
  std::vector<Task*> tasks;  // the leader first, while it lives
  WaitQueue task_ended;
  std::uint64_t ended_cpu_time = 0;                // of tasks that have ended, ns
  std::uint64_t start_time = 0;                    // CLOCK_MONOTONIC, ns
  int dumpable = 1;                                // PR_SET_DUMPABLE
  Credentials start_credentials;                   // the host's user, where the program follows it
  std::atomic<std::uint64_t> identity_version{0};  // of the file-system ids; 0: those of the start, else unique
  bool no_new_privileges = false;
  int out_of_memory_score = 0;  // /proc/PID/oom_score_adj
  std::uint64_t personality = 0;
  const std::unique_ptr<ProcessTimers> timers;

  // The task with this id, or null. With the mutex held; the pointer is good while it is.
  Task* find_task(std::uint32_t tid);
  // An id for a new task. With the mutex held.
  std::uint32_t new_task_id();

  std::atomic<bool> exiting{false};
  int exit_status = 0;  // what wait would report: status << 8, or the signal

 private:
  std::uint32_t last_task_id_;
};

// The one process of this enclave until fork exists. For kernel entry points that have no task at hand.
Process* initial_process();
}  // namespace cloister::kernel
