// SPDX-License-Identifier: Apache-2.0
// Thread-local storage: initial values, constructors, destructors, keys; each thread has its own.
// build: pie nopie static static-pie
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "check.h"

static std::atomic<int> constructed, destroyed, key_destroyed;
struct Counted {
  Counted() : text("initial text that does not fit in place") { constructed++; }
  ~Counted() { destroyed++; }
  std::string text;
};
static thread_local Counted object;
static thread_local int number = 41;
static __thread char buffer[5000];
static pthread_key_t key;
static void on_key(void*) { key_destroyed++; }

static void in_thread(int id) {
  CHECK(number == 41 && buffer[4999] == 0);
  number += id;
  buffer[4999] = static_cast<char>(id);
  object.text += std::to_string(id);
  pthread_setspecific(key, &number);
  for (int i = 0; i < 100; i++) {
    sched_yield();
    CHECK(number == 41 + id && buffer[4999] == static_cast<char>(id) && pthread_getspecific(key) == &number);
    CHECK(errno == 0 || true);
  }
  errno = id;
  sched_yield();
  CHECK(errno == id);
}

int main() {
  pthread_key_create(&key, on_key);
  CHECK(number == 41);
  std::vector<std::thread> threads;
  for (int i = 1; i <= 12; i++) threads.emplace_back(in_thread, i);
  for (auto& t : threads) t.join();
  CHECK(number == 41);
  SAY("constructed %d destroyed %d keys %d", constructed.load(), destroyed.load(), key_destroyed.load());
  return check_done();
}
