// SPDX-License-Identifier: Apache-2.0
// Threads: many at once, many one after the other, detached, results, names, ids, one process id for all.
// build: pie static-pie musl
#include "check.h"
#include <semaphore.h>
#include <sys/prctl.h>

static int counter;
static sem_t finished;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void* add(void* amount) {
  for (int i = 0; i < 1000; i++) {
    pthread_mutex_lock(&mutex);
    counter += (int)(intptr_t)amount;
    pthread_mutex_unlock(&mutex);
  }
  return (char*)amount + 1;
}
static void* nothing(void* argument) { return argument; }
static void* detached(void* unused) {
  (void)unused;
  sem_post(&finished);
  return NULL;
}
static void* ids(void* out) {
  pid_t* p = out;
  p[0] = getpid();
  p[1] = (pid_t)syscall(SYS_gettid);
  return NULL;
}
static void* ender(void* unused) {
  (void)unused;
  pthread_exit((void*)123);
}

int main(void) {
  SECTION("16 at once");
  pthread_t threads[16];
  for (intptr_t i = 0; i < 16; i++) REQUIRE(pthread_create(&threads[i], NULL, add, (void*)i) == 0);
  for (intptr_t i = 0; i < 16; i++) {
    void* result;
    CHECK(pthread_join(threads[i], &result) == 0 && result == (void*)(i + 1));
  }
  CHECK(counter == 120 * 1000);
  SECTION("1000 one after the other");
  for (intptr_t i = 0; i < 1000; i++) {
    pthread_t thread;
    void* result;
    REQUIRE(pthread_create(&thread, NULL, nothing, (void*)i) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == (void*)i);
  }
  SECTION("100 detached");
  sem_init(&finished, 0, 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  for (int i = 0; i < 100; i++) {
    pthread_t thread;
    REQUIRE(pthread_create(&thread, &attributes, detached, NULL) == 0);
    while (sem_wait(&finished) == -1) {
    }
  }
  SECTION("ids");
  pid_t seen[2];
  CHECK(pthread_create(&threads[0], NULL, ids, seen) == 0 && pthread_join(threads[0], NULL) == 0);
  CHECK(seen[0] == getpid() && seen[1] != getpid() && seen[1] > 0);
  CHECK((pid_t)syscall(SYS_gettid) == getpid());
  SECTION("pthread_exit");
  void* result;
  CHECK(pthread_create(&threads[0], NULL, ender, NULL) == 0 && pthread_join(threads[0], &result) == 0);
  CHECK(result == (void*)123);
  SECTION("name");
  char name[16];
  CHECK(prctl(PR_SET_NAME, "renamed") == 0 && prctl(PR_GET_NAME, name) == 0 && strcmp(name, "renamed") == 0);
  return check_done();
}
