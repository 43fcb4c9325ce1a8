// SPDX-License-Identifier: Apache-2.0
// For tests on the host: the kernel storey's file system over the real host-call checks, with this process as the host.
// Answers can be falsified on their way in.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/namespace.h"

namespace cloister::testing {

// Sees each host call after it was made: its number, arguments and result, which it may change.
struct HostAnswer {
  std::uint64_t number;
  std::uint64_t* arguments;
  long result;
};
using Falsify = std::function<void(HostAnswer&)>;
void set_falsify(Falsify falsify);
unsigned host_call_count();
std::string& printed();

// One process with one task that runs on the calling thread, and program memory for its arguments.
class TestEnclave {
 public:
  explicit TestEnclave(LaunchManifest manifest);
  ~TestEnclave();
  kernel::Task& task() { return *task_; }
  kernel::Process& process() { return *process_; }
  vfs::Namespace& files() { return *process_->files; }

  // Program memory; each call gives fresh bytes.
  kernel::ProgramAddress allocate(std::size_t size);
  kernel::ProgramAddress text(const std::string& text);
  static void* pointer(kernel::ProgramAddress address) { return reinterpret_cast<void*>(address.value); }

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
  std::unique_ptr<kernel::Process> process_;
  std::unique_ptr<kernel::Task> task_;
};

// Makes the calling thread one of the enclave, with a host block of its own.
void enter_thread(kernel::Task& task);

// A fresh directory of the host, removed with all it holds.
class HostDirectoryForTest {
 public:
  HostDirectoryForTest();
  ~HostDirectoryForTest();
  const std::string& path() const { return path_; }
  std::string write(const std::string& name, const std::string& contents) const;

 private:
  std::string path_;
};
// The manifest's entry for a file of the host as it is now.
MeasuredFile measure(const std::string& path);
}  // namespace cloister::testing
