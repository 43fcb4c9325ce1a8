// SPDX-License-Identifier: Apache-2.0
// Publishes TSC-to-time parameters. The first rate comes from the time since the process began to run, which is some
// milliseconds; better ones follow. The enclave bounds whatever it reads here.
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>
#include <atomic>
#include "src/host/start_area.h"

namespace cloister::host {
namespace {
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

std::uint64_t read_clock(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosecondsPerSecond + static_cast<std::uint64_t>(time.tv_nsec);
}

struct Sample {
  std::uint64_t tsc, monotonic;
};
// The pair with the smallest distance between two readings of the TSC, out of a few.
Sample take_sample() {
  Sample best{0, 0};
  std::uint64_t smallest = ~0ULL;
  for (int i = 0; i < 5; ++i) {
    _mm_lfence();
    const std::uint64_t before = __rdtsc();
    const std::uint64_t now = read_clock(CLOCK_MONOTONIC);
    _mm_lfence();
    const std::uint64_t after = __rdtsc();
    if (after - before >= smallest) continue;
    smallest = after - before;
    best = {before + (after - before) / 2, now};
  }
  return best;
}

const Sample first_sample = take_sample();  // at program start

void publish(TimeParameters* page, const Sample& sample, std::uint64_t multiplier) {
  __atomic_add_fetch(&page->sequence, 1, __ATOMIC_SEQ_CST);
  page->tsc_base = sample.tsc;
  page->multiplier = multiplier;
  page->monotonic_base = sample.monotonic;
  const std::uint64_t monotonic = read_clock(CLOCK_MONOTONIC);
  page->realtime_base = sample.monotonic + (read_clock(CLOCK_REALTIME) - monotonic);
  page->boottime_offset = read_clock(CLOCK_BOOTTIME) - monotonic;
  __atomic_add_fetch(&page->sequence, 1, __ATOMIC_SEQ_CST);
}

std::uint64_t rate(const Sample& from, const Sample& to) {
  const auto nanoseconds = static_cast<unsigned __int128>(to.monotonic - from.monotonic);
  return static_cast<std::uint64_t>((nanoseconds << 32) / (to.tsc - from.tsc));
}

std::atomic<bool> has_left_descriptors;

// A table of descriptors that two threads share costs each call on a descriptor two locked operations (the kernel's
// fdget). This thread needs none.
void leave_descriptors() {
  (void)close_range(0, ~0U, CLOSE_RANGE_UNSHARE);
  has_left_descriptors = true;
  has_left_descriptors.notify_one();
}

void* publish_forever(void* argument) {
  auto* page = static_cast<TimeParameters*>(argument);
  leave_descriptors();
  for (std::uint64_t pause = 20'000'000;; pause = pause < kNanosecondsPerSecond ? pause * 5 : kNanosecondsPerSecond) {
    const timespec time{static_cast<time_t>(pause / kNanosecondsPerSecond),
                        static_cast<long>(pause % kNanosecondsPerSecond)};
    nanosleep(&time, nullptr);
    const Sample now = take_sample();
    publish(page, now, rate(first_sample, now));
  }
}
}  // namespace

std::uint64_t start_time_publisher() {
  void* const memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 0;
  auto* page = new (memory) TimeParameters{};
  const timespec a_little{0, 1'000'000};
  Sample now = take_sample();
  while (now.monotonic - first_sample.monotonic < 2'000'000) {
    nanosleep(&a_little, nullptr);
    now = take_sample();
  }
  publish(page, now, rate(first_sample, now));
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  if (pthread_create(&thread, &attributes, publish_forever, page) == 0) {
    pthread_detach(thread);
    has_left_descriptors.wait(false);  // before the host-call filter forbids it
  }
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  return reinterpret_cast<std::uint64_t>(page);
}
}  // namespace cloister::host
