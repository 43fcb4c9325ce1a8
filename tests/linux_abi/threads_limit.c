// SPDX-License-Identifier: Apache-2.0
// 60 threads alive at the same time, all blocked, then all released.
#include "check.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int alive, go;

static void* wait_for_go(void* unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  alive++;
  pthread_cond_broadcast(&condition);
  while (!go) pthread_cond_wait(&condition, &mutex);
  pthread_mutex_unlock(&mutex);
  return NULL;
}

int main(void) {
  enum { kCount = 60 };
  pthread_t threads[kCount];
  for (int i = 0; i < kCount; i++) REQUIRE(pthread_create(&threads[i], NULL, wait_for_go, NULL) == 0);
  pthread_mutex_lock(&mutex);
  while (alive < kCount) pthread_cond_wait(&condition, &mutex);
  SAY("%d alive", alive);
  go = 1;
  pthread_cond_broadcast(&condition);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < kCount; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  return check_done();
}
