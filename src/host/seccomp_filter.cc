// SPDX-License-Identifier: Apache-2.0
#include "src/host/seccomp_filter.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <cstddef>
#include <vector>
#include "src/boundary/host_call_table.h"

namespace cloister::host {
namespace {
std::vector<std::uint32_t> allowed_calls() {
  std::vector<std::uint32_t> calls;
  for (const HostPartCall& call : kHostPartCalls) calls.push_back(call.number);
  for (const HostCallRow& row : kHostCalls)
    if (row.number < kFirstHostService) calls.push_back(static_cast<std::uint32_t>(row.number));
  std::sort(calls.begin(), calls.end());
  calls.erase(std::unique(calls.begin(), calls.end()), calls.end());
  return calls;
}

// A binary search over the sorted numbers: the kernel caches the verdict per number, and uncached ones stay short.
void emit_search(std::vector<sock_filter>& code, const std::uint32_t* calls, std::size_t count) {
  if (count <= 4) {
    for (std::size_t i = 0; i < count; ++i) {
      code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1));
      code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
    return;
  }
  const std::size_t middle = count / 2;
  std::vector<sock_filter> low;
  emit_search(low, calls, middle);
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, calls[middle], 0, 1));
  code.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(low.size())));
  code.insert(code.end(), low.begin(), low.end());
  emit_search(code, calls + middle, count - middle);
}
}  // namespace

Result<void> install_seccomp_filter() {
  const auto calls = allowed_calls();
  std::vector<sock_filter> code;
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  emit_search(code, calls.data(), calls.size());
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
    return Error(Errc::io, "this kernel has no seccomp filters");
  return {};
}
}  // namespace cloister::host
