// SPDX-License-Identifier: Apache-2.0
// C++ exceptions: through deep frames, in threads, across threads by exception_ptr, and out of a library callback.
// build: pie nopie static static-pie
#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.h"

static int unwound;
struct Guard {
  ~Guard() { unwound++; }
};
static int deep(int n) {
  Guard guard;
  if (n == 0) throw std::out_of_range("bottom");
  return deep(n - 1) + 1;
}
static int compare_throws(const void*, const void*) { throw 7; }

int main() {
  SECTION("deep");
  try {
    deep(200);
  } catch (const std::out_of_range& e) {
    SAY("%s %d", e.what(), unwound);
  }
  SECTION("many");
  int caught = 0;
  for (int i = 0; i < 2000; i++) {
    try {
      if (i % 2) throw i;
      throw std::string("text");
    } catch (int) {
      caught++;
    } catch (const std::string&) {
      caught += 2;
    }
  }
  SAY("%d", caught);
  SECTION("threads at the same time");
  std::vector<std::thread> threads;
  static std::atomic<int> total{0};
  for (int t = 0; t < 6; t++) {
    threads.emplace_back([] {
      for (int i = 0; i < 300; i++) {
        try {
          std::vector<int>().at(static_cast<size_t>(i));
        } catch (const std::exception&) {
          total++;
        }
      }
    });
  }
  for (auto& t : threads) t.join();
  SAY("%d", total.load());
  SECTION("across threads");
  auto future = std::async(std::launch::async, []() -> int { throw std::runtime_error("from a thread"); });
  try {
    future.get();
  } catch (const std::runtime_error& e) {
    SAY("%s", e.what());
  }
  SECTION("nested");
  try {
    try {
      throw std::runtime_error("inner");
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  } catch (const std::logic_error& e) {
    try {
      std::rethrow_if_nested(e);
    } catch (const std::runtime_error& inner) {
      SAY("%s > %s", e.what(), inner.what());
    }
  }
  SECTION("through C code");
  int array[3] = {3, 2, 1};
  try {
    qsort(array, 3, sizeof array[0], compare_throws);
  } catch (int n) {
    SAY("%d", n);
  }
  SECTION("uncaught");
  fflush(stdout);
  std::set_terminate([] {
    SAY("terminate");
    _exit(check_failures ? 1 : 66);
  });
  throw 1;
}
