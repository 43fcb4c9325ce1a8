// SPDX-License-Identifier: Apache-2.0
// A program like the enclave runtime, as far as linking goes: static-PIE C++20 with threads, thread-local storage,
// exceptions, files and time. Prints one line that the test compares.
#include <sys/mman.h>
#include <unistd.h>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {
thread_local int deepest = 0;

int throw_and_catch(int depth) {
  struct Counter {
    int& value;
    ~Counter() { ++value; }
  } counter{deepest};
  if (depth == 0) throw std::runtime_error("bottom");
  return throw_and_catch(depth - 1);
}

long sum_in_threads() {
  std::mutex mutex;
  std::condition_variable condition;
  std::vector<std::thread> threads;
  long sum = 0;
  int finished = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 1000; ++round) {
        const std::lock_guard lock(mutex);
        sum += i;
      }
      try {
        throw_and_catch(i);
      } catch (const std::runtime_error&) {
      }
      const std::lock_guard lock(mutex);
      sum += deepest;
      ++finished;
      condition.notify_all();
    });
  }
  {
    std::unique_lock lock(mutex);
    condition.wait(lock, [&] { return finished == 8; });
  }
  for (std::thread& thread : threads) thread.join();
  return sum;
}
}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, int> words;
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) ++words[word];
  void* memory = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memset(memory, 1, 1 << 20);
  munmap(memory, 1 << 20);
  const long sum = sum_in_threads();
  usleep(1000);
  const bool time_passes = clock() >= 0;
  std::printf("sum %ld, status %d, time %d, arguments %d %s\n", sum, words.count("Name:") != 0, time_passes, argc,
              argc > 1 ? argv[1] : "");
}
