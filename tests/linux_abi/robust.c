// SPDX-License-Identifier: Apache-2.0
// A robust mutex whose owner died says so to the next one; the same for waiters that already sleep.
#include "check.h"

static pthread_mutex_t mutex, second;
static void* die_with_lock(void* delay) {
  pthread_mutex_lock(&mutex);
  pthread_mutex_lock(&second);
  sleep_ms((long)(intptr_t)delay);
  return NULL;
}

int main(void) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutex_init(&second, &attributes);
  pthread_t thread;
  SECTION("owner already dead");
  pthread_create(&thread, NULL, die_with_lock, NULL);
  pthread_join(thread, NULL);
  CHECK(pthread_mutex_lock(&mutex) == EOWNERDEAD);
  CHECK(pthread_mutex_consistent(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
  CHECK(pthread_mutex_lock(&second) == EOWNERDEAD);
  CHECK(pthread_mutex_consistent(&second) == 0 && pthread_mutex_unlock(&second) == 0);
  SECTION("owner dies while we wait");
  pthread_create(&thread, NULL, die_with_lock, (void*)100);
  sleep_ms(30);
  CHECK(pthread_mutex_lock(&mutex) == EOWNERDEAD);
  CHECK(pthread_mutex_consistent(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
  pthread_join(thread, NULL);
  SECTION("not made consistent");
  CHECK(pthread_mutex_lock(&second) == EOWNERDEAD);
  CHECK(pthread_mutex_unlock(&second) == 0);
  CHECK(pthread_mutex_lock(&second) == ENOTRECOVERABLE);
  SECTION("usual use");
  for (int i = 0; i < 1000; i++) CHECK(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
  return check_done();
}
