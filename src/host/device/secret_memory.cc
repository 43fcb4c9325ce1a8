// SPDX-License-Identifier: Apache-2.0
#include "src/host/device/secret_memory.h"
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cloister::host {
SecretMemorySupport secret_memory_support() {
  const int file = static_cast<int>(syscall(SYS_memfd_secret, 0));
  if (file < 0)
    return {false, false,
            "the kernel has no memfd_secret, or has it off (boot with secretmem.enable=1): "
            "a simulated enclave's memory is plain, readable by root"};
  close(file);
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  if (geteuid() == 0 || limit.rlim_cur >= (1ULL << 30))
    return {true, true, "a simulated enclave's data lies where gdb and /proc/PID/mem find nothing"};
  return {true, false,
          "a simulated enclave's memory is plain, readable by root, since RLIMIT_MEMLOCK (memlock) is " +
              std::to_string(limit.rlim_cur >> 20) + " MiB; fix: `ulimit -l unlimited`, or as root: " +
              "echo '* - memlock unlimited' >> /etc/security/limits.d/cloister.conf, then log in again"};
}
}  // namespace cloister::host
