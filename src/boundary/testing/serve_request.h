// SPDX-License-Identifier: Apache-2.0
// What a host part does with a request (host_stub.S), for the hosts of tests.
#pragma once
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <cerrno>
#include "src/boundary/host_block.h"

namespace cloister::testing {
// `call(number, arguments)` makes one Linux call, or one of the host part's services, and gives its answer as the
// kernel returns it.
template <typename Call>
void serve_request(HostBlock& block, Call call) {
  using Arguments = std::uint64_t[6];
  const auto address = reinterpret_cast<std::uint64_t>(&block);
  const auto answer = [&call](std::uint64_t number, std::uint64_t* arguments) {
    return static_cast<std::uint64_t>(call(number, arguments));
  };
  if ((block.number & kFirstSend) != 0) {
    for (std::uint64_t i = 0; i < block.send_count; ++i) {
      SendRequest& request = block.sends[i];
      const SendRequest* const before = i == 0 ? nullptr : &block.sends[i - 1];
      if (before != nullptr && before->descriptor == request.descriptor && before->result != before->size) {
        request.result = static_cast<std::uint64_t>(-EAGAIN);
        continue;
      }
      Arguments send{request.descriptor, request.address, request.size, MSG_DONTWAIT | MSG_NOSIGNAL | request.flags};
      request.result = answer(SYS_sendto, send);
    }
  }
  if ((block.number & kFirstClose) != 0) {
    Arguments closing{block.closing};
    call(SYS_close, closing);
  }
  block.result = answer(block.number & ~kHostCallFlags, block.args);
  if ((block.number & kThenStatus) != 0 && static_cast<std::int64_t>(block.result) >= 0) {
    Arguments status{block.result, block.args[4]};
    block.status_result = answer(SYS_fstat, status);
    if ((block.number & kThenRead) != 0) {
      block.read_result = 0;
      const auto* const found = reinterpret_cast<const struct stat*>(block.args[4]);
      Arguments read{block.result, block.args[5], kFirstBytesSize, 0};
      if (block.status_result == 0 && S_ISREG(found->st_mode) && found->st_size > 0 &&
          static_cast<std::uint64_t>(found->st_size) <= kFirstBytesSize)
        block.read_result = answer(SYS_pread64, read);
    }
  }
  if ((block.number & kThenReceive) == 0) return;
  for (std::uint64_t i = 0; i < block.prefetch_count; ++i) {
    Arguments receive{block.prefetches[i].descriptor, address + kPrefetchOffset + i * kPrefetchSize, kPrefetchSize,
                      MSG_DONTWAIT};
    block.prefetches[i].result = answer(SYS_recvfrom, receive);
  }
}
}  // namespace cloister::testing
