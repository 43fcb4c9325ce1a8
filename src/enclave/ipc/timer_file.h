// SPDX-License-Identifier: Apache-2.0
// timerfd on the enclave's clock. Trusted, kernel storey. Nobody runs when it expires: whoever waits for it does so
// until then, and every look at it first counts what has expired meanwhile.
#pragma once
#include <time.h>
#include <mutex>
#include "src/enclave/vfs/open_file.h"

namespace cloister::ipc {
using kernel::IoVector;
using kernel::Task;

struct TimerSetting {
  std::uint64_t value = 0;     // nanoseconds until the next expiration, 0: disarmed
  std::uint64_t interval = 0;  // 0: once
};

class TimerFile final : public vfs::OpenFile {
 public:
  TimerFile(clockid_t clock, std::uint32_t flags);

  Result<std::size_t> read(Task& task, const IoVector& to) override;  // the number of expirations, 8 bytes
  Result<std::int64_t> seek(std::int64_t, int) override { return 0; }
  std::uint32_t readiness() override;
  kernel::WaitQueue* wait_queue() override { return &queue_; }
  bool is_time_driven() const override { return true; }
  std::uint64_t advance_time() override;
  TimerFile* as_timer() override { return this; }

  enum class Start { relative, absolute };
  TimerSetting set(Start start, TimerSetting setting);  // the old one
  TimerSetting get();

 private:
  std::uint64_t now() const;
  bool count_expirations();  // mutex held; true: there were none to read before
  TimerSetting setting() const;
  std::uint64_t deadline();

  const clockid_t clock_;
  std::mutex mutex_;
  std::uint64_t next_ = 0;  // on clock_; 0: disarmed
  std::uint64_t interval_ = 0;
  std::uint64_t expirations_ = 0;
  kernel::WaitQueue queue_;
};
}  // namespace cloister::ipc
