// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/runtime_thread.h"
#include <pthread.h>
#include <cerrno>
#include <mutex>

namespace cloister::kernel {
namespace {
constexpr std::size_t kStackSize = 128 << 10;
std::mutex creation_mutex;
}  // namespace

Result<void> start_runtime_thread(void* (*main)(void*), void* argument) {
  const std::lock_guard guard(creation_mutex);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, main, argument);
  pthread_attr_destroy(&attributes);
  if (error != 0) return Error::from_errno(EAGAIN);
  return {};
}
}  // namespace cloister::kernel
