// SPDX-License-Identifier: Apache-2.0
// Four threads make a thousand calls each and end.
#include <pthread.h>
#include <sched.h>
#include <stddef.h>

static void* make_calls(void* unused) {
  for (int i = 0; i < 1000; ++i) sched_getscheduler(0);
  return unused;
}

int main(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, make_calls, NULL);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  return 0;
}
