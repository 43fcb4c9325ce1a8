// SPDX-License-Identifier: Apache-2.0
// How the file system asks the host: answers become Results, paths and structures go through the bounce buffer.
// Trusted.
#pragma once
#include <linux/openat2.h>
#include <sys/stat.h>
#include <cstdint>
#include <memory>
#include <string>
#include "src/base/result.h"
#include "src/enclave/core/interrupt.h"

namespace cloister::vfs {
// Where things lie in the bounce buffer during a call with paths.
inline constexpr std::uint64_t kFirstPath = 0, kSecondPath = 4096, kStructure = 8192;

// A call that an honest host answers at once: a kick meanwhile is no reason to give up, the work waits for the way
// back.
Result<std::int64_t> quick_host_call(HostCall call, core::HostArgument a0 = {}, core::HostArgument a1 = {},
                                     core::HostArgument a2 = {}, core::HostArgument a3 = {}, core::HostArgument a4 = {},
                                     core::HostArgument a5 = {});
// A call that may block; interrupted, it becomes the restart of the system call.
Result<std::int64_t> blocking_host_call(HostCall call, core::HostArgument a0 = {}, core::HostArgument a1 = {},
                                        core::HostArgument a2 = {}, core::HostArgument a3 = {},
                                        core::HostArgument a4 = {}, core::HostArgument a5 = {});
Result<std::int64_t> blocking_result(long result);  // of an interruptible call, in the same way
// Gives the descriptor back to the host; its error is close's.
Result<void> close_host_descriptor(int descriptor);
// The same in the thread's next exit that can, or when it ends or begins another one. For files whose end nobody
// outside notices.
void close_host_descriptor_later(int descriptor);
void finish_late_close();

// ENAMETOOLONG when it does not fit. A path is an absolute one inside and staged as where it lies on the host; a text
// goes as it is.
Result<core::HostAddress> stage_path(std::uint64_t offset, const std::string& path);
Result<core::HostAddress> stage_text(std::uint64_t offset, const std::string& text);

// fstat, with what no honest kernel would say refused. For an open file its type cannot change: `type` 0 is "not known
// yet".
Result<struct stat> host_status(int descriptor, std::uint32_t type);
// What the host has just put at kStructure.
// Host may: give any numbers. Those that are only data pass; what later arithmetic relies on is checked.
struct stat take_status(HostCall call);
// openat2 of an absolute path; the host's descriptor.
Result<int> host_open(const std::string& path, const open_how& how);
// newfstatat of an absolute path.
Result<struct stat> host_path_status(const std::string& path, int flags);

// Keeps what lies in the bounce buffer over host calls that happen inside a copy, since page faults may need the host
// as well.
class BounceKeeper {
 public:
  explicit BounceKeeper(std::size_t size);
  ~BounceKeeper();
  BounceKeeper(const BounceKeeper&) = delete;
  BounceKeeper& operator=(const BounceKeeper&) = delete;

 private:
  std::size_t size_;
  std::unique_ptr<std::uint8_t[]> kept_;
};

// "cloister: LINE" to the host's standard error, also from within a copy.
void print_line(const std::string& line);
}  // namespace cloister::vfs
