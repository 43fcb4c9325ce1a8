// SPDX-License-Identifier: Apache-2.0
// Every synchronisation object of pthreads under contention, with time-outs and errors.
// build: pie musl
#include "check.h"
#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_spinlock_t spin;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t semaphore;
static int turn, shared, once_calls, leaders, spun;

static void call_once(void) { once_calls++; }

static void* ping_pong(void* me) {
  for (int i = 0; i < 2000; i++) {
    pthread_mutex_lock(&mutex);
    while (turn != (int)(intptr_t)me) pthread_cond_wait(&condition, &mutex);
    turn ^= 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}
static void* readers_writers(void* me) {
  for (int i = 0; i < 2000; i++) {
    if (((intptr_t)me + i) % 4 == 0) {
      pthread_rwlock_wrlock(&rwlock);
      shared++;
      shared++;
      pthread_rwlock_unlock(&rwlock);
    } else {
      pthread_rwlock_rdlock(&rwlock);
      CHECK(shared % 2 == 0);
      pthread_rwlock_unlock(&rwlock);
    }
  }
  return NULL;
}
static void* barriers(void* unused) {
  (void)unused;
  pthread_once(&once, call_once);
  for (int i = 0; i < 300; i++) {
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
      __atomic_fetch_add(&leaders, 1, __ATOMIC_SEQ_CST);
    pthread_spin_lock(&spin);
    spun++;
    pthread_spin_unlock(&spin);
  }
  return NULL;
}
static void* poster(void* unused) {
  (void)unused;
  for (int i = 0; i < 3000; i++) sem_post(&semaphore);
  return NULL;
}
static struct timespec soon(long ms) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += ms * 1000000;
  t.tv_sec += t.tv_nsec / 1000000000;
  t.tv_nsec %= 1000000000;
  return t;
}
static void* holder(void* unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  pthread_rwlock_wrlock(&rwlock);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  pthread_rwlock_unlock(&rwlock);
  pthread_mutex_unlock(&mutex);
  return NULL;
}
static void together(void* (*function)(void*), int count) {
  pthread_t threads[8];
  for (intptr_t i = 0; i < count; i++) REQUIRE(pthread_create(&threads[i], NULL, function, (void*)i) == 0);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

int main(void) {
  SECTION("condition ping-pong");
  together(ping_pong, 2);
  SECTION("readers and writers");
  together(readers_writers, 4);
  SAY("%d", shared);
  SECTION("barrier, spin lock, once");
  pthread_barrier_init(&barrier, NULL, 3);
  pthread_spin_init(&spin, 0);
  together(barriers, 3);
  CHECK(leaders == 300 && spun == 900 && once_calls == 1);
  SECTION("semaphore");
  sem_init(&semaphore, 0, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, poster, NULL);
  for (int i = 0; i < 3000; i++) CHECK(sem_wait(&semaphore) == 0);
  pthread_join(thread, NULL);
  CHECK_ERRNO(sem_trywait(&semaphore), EAGAIN);
  struct timespec t = soon(30);
  CHECK_ERRNO(sem_timedwait(&semaphore, &t), ETIMEDOUT);
  SECTION("time-outs");
  pthread_barrier_init(&barrier, NULL, 2);
  pthread_create(&thread, NULL, holder, NULL);
  pthread_barrier_wait(&barrier);
  CHECK(pthread_mutex_trylock(&mutex) == EBUSY);
  struct timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  t = soon(50);
  CHECK(pthread_mutex_timedlock(&mutex, &t) == ETIMEDOUT);
  CHECK(seconds_since(&begin) > 0.045 && seconds_since(&begin) < 2);
  t = soon(20);
  CHECK(pthread_rwlock_timedrdlock(&rwlock, &t) == ETIMEDOUT);
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
  pthread_mutex_lock(&mutex);
  t = soon(30);
  CHECK(pthread_cond_timedwait(&condition, &mutex, &t) == ETIMEDOUT);
  pthread_mutex_unlock(&mutex);
  SECTION("mutex kinds");
  pthread_mutexattr_t attributes;
  pthread_mutex_t special;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&special, &attributes);
  CHECK(pthread_mutex_lock(&special) == 0 && pthread_mutex_lock(&special) == 0);
  CHECK(pthread_mutex_unlock(&special) == 0 && pthread_mutex_unlock(&special) == 0);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&special, &attributes);
  CHECK(pthread_mutex_lock(&special) == 0 && pthread_mutex_lock(&special) == EDEADLK);
  CHECK(pthread_mutex_unlock(&special) == 0 && pthread_mutex_unlock(&special) == EPERM);
  SECTION("monotonic condition");
  pthread_condattr_t condition_attributes;
  pthread_condattr_init(&condition_attributes);
  CHECK(pthread_condattr_setclock(&condition_attributes, CLOCK_MONOTONIC) == 0);
  pthread_cond_t monotonic;
  pthread_cond_init(&monotonic, &condition_attributes);
  pthread_mutex_lock(&mutex);
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_nsec += 20000000;
  if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
  CHECK(pthread_cond_timedwait(&monotonic, &mutex, &t) == ETIMEDOUT);
  pthread_mutex_unlock(&mutex);
  return check_done();
}
