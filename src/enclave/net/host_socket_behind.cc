// SPDX-License-Identifier: Apache-2.0
// What a socket of the host has been given to send and the host has not got yet (core/write_behind.h): who may, and
// what waits for it.
#include "src/enclave/core/write_behind.h"
#include "src/enclave/net/host_socket.h"
#include "src/enclave/net/lasting_pool.h"

namespace cloister::net {
namespace {
using core::WriteBehind;
constinit LastingPool<WriteBehind> write_behind_pool;

void give_back(WriteBehind* behind) {
  behind->clear();
  write_behind_pool.give_back(behind);
}
}  // namespace

void HostSocket::allow_write_behind() {
  if (!is_tcp() || is_behind_forbidden_) return;
  WriteBehind* here = write_behind.load(std::memory_order_acquire);
  if (here == nullptr) {
    WriteBehind* const taken = write_behind_pool.take();
    taken->account.set_host_descriptor(host_descriptor);
    taken->is_host_corked = is_host_corked_.load();
    if (write_behind.compare_exchange_strong(here, taken))
      here = taken;
    else
      give_back(taken);
  }
  if (is_behind_forbidden_) here->stop();  // by whoever did not see it yet
}

void HostSocket::forbid_write_behind() {
  is_behind_forbidden_ = true;
  WriteBehind* const here = write_behind.load(std::memory_order_acquire);
  if (here != nullptr) here->stop();
}

// Before a call about the socket: its own thread's next exit takes what waits along.
void HostSocket::finish_write_behind() {
  WriteBehind* const here = write_behind.load(std::memory_order_acquire);
  if (here != nullptr) here->finish_of_others();
}

void HostSocket::end_write_behind() {
  WriteBehind* const here = write_behind.load(std::memory_order_acquire);
  if (here == nullptr) return;
  here->stop();
  write_behind.store(nullptr, std::memory_order_release);
  give_back(here);
}
}  // namespace cloister::net
