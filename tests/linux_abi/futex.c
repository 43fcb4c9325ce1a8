// SPDX-License-Identifier: Apache-2.0
// The futex operations themselves.
#include "check.h"
#include <linux/futex.h>

static long futex(uint32_t* word, int operation, uint32_t value, void* timeout, uint32_t* second, uint32_t third) {
  return syscall(SYS_futex, word, operation, value, timeout, second, third);
}
static uint32_t word, other, ready;
static int wait_operation, private_flag;
static uint32_t wait_bits[8];
static int woken[8];

static void* waiter(void* number) {
  int i = (int)(intptr_t)number;
  __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
  long result = futex(&word, wait_operation | private_flag, 0, NULL, NULL, wait_bits[i]);
  CHECK(result == 0);
  __atomic_store_n(&woken[i], 1, __ATOMIC_SEQ_CST);
  return NULL;
}
static int woken_count(void) {
  int sum = 0;
  for (int i = 0; i < 8; i++) sum += __atomic_load_n(&woken[i], __ATOMIC_SEQ_CST);
  return sum;
}
static void wait_woken(int count) {
  for (int i = 0; i < 2000 && woken_count() < count; i++) sleep_ms(1);
  CHECK(woken_count() == count);
}
static pthread_t threads[8];
static void start(int count, int operation) {
  memset(woken, 0, sizeof woken);
  ready = 0;
  wait_operation = operation;
  for (intptr_t i = 0; i < count; i++) REQUIRE(pthread_create(&threads[i], NULL, waiter, (void*)i) == 0);
  while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < (uint32_t)count) sleep_ms(1);
  sleep_ms(50);
}
static void join(int count) {
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

enum { kCrowd = 80 };
static uint32_t crowd_word, crowd_target;
static int crowd_waits;
static void* wait_in_crowd(void* unused) {
  __atomic_fetch_add(&crowd_waits, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &crowd_word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
  return unused;
}

int main(void) {
  for (int i = 0; i < 8; i++) wait_bits[i] = 1u << i;
  for (int round = 0; round < 2; round++) {
    private_flag = round ? FUTEX_PRIVATE_FLAG : 0;
    SAY("%s", round ? "private" : "shared");
    SECTION("value differs");
    CHECK_ERRNO(futex(&word, FUTEX_WAIT | private_flag, 1, NULL, NULL, 0), EAGAIN);
    SECTION("relative time-out");
    struct timespec t = {0, 30000000}, begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT | private_flag, 0, &t, NULL, 0), ETIMEDOUT);
    CHECK(seconds_since(&begin) >= 0.03 && seconds_since(&begin) < 2);
    SECTION("absolute time-outs");
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += 30000000;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET | private_flag, 0, &t, NULL, ~0u), ETIMEDOUT);
    CHECK(seconds_since(&begin) >= 0.06);
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec -= 5;
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME | private_flag, 0, &t, NULL, ~0u), ETIMEDOUT);
    SECTION("wake counts");
    CHECK(futex(&word, FUTEX_WAKE | private_flag, 10, NULL, NULL, 0) == 0);
    start(4, FUTEX_WAIT);
    CHECK(futex(&word, FUTEX_WAKE | private_flag, 1, NULL, NULL, 0) == 1);
    wait_woken(1);
    CHECK(futex(&word, FUTEX_WAKE | private_flag, 2, NULL, NULL, 0) == 2);
    wait_woken(3);
    CHECK(futex(&word, FUTEX_WAKE | private_flag, INT_MAX, NULL, NULL, 0) == 1);
    join(4);
    SECTION("bitsets");
    start(4, FUTEX_WAIT_BITSET);
    CHECK(futex(&word, FUTEX_WAKE_BITSET | private_flag, 10, NULL, NULL, 4) == 1);
    wait_woken(1);
    CHECK(woken[2] == 1);
    CHECK(futex(&word, FUTEX_WAKE_BITSET | private_flag, 10, NULL, NULL, 16) == 0);
    CHECK(futex(&word, FUTEX_WAKE_BITSET | private_flag, 10, NULL, NULL, 1 | 2) == 2);
    wait_woken(3);
    CHECK(futex(&word, FUTEX_WAKE | private_flag, 10, NULL, NULL, 0) == 1);
    join(4);
    SECTION("requeue");
    start(5, FUTEX_WAIT);
    long moved = futex(&word, FUTEX_REQUEUE | private_flag, 1, (void*)2, &other, 0);
    CHECK(moved == 3);
    wait_woken(1);
    CHECK(futex(&other, FUTEX_WAKE | private_flag, 10, NULL, NULL, 0) == 2);
    wait_woken(3);
    CHECK(futex(&word, FUTEX_WAKE | private_flag, 10, NULL, NULL, 0) == 2);
    join(5);
    SECTION("compare and requeue");
    start(3, FUTEX_WAIT);
    CHECK_ERRNO(futex(&word, FUTEX_CMP_REQUEUE | private_flag, 1, (void*)10, &other, 7), EAGAIN);
    CHECK(futex(&word, FUTEX_CMP_REQUEUE | private_flag, 0, (void*)10, &other, 0) == 3);
    CHECK(futex(&word, FUTEX_WAKE | private_flag, 10, NULL, NULL, 0) == 0);
    CHECK(futex(&other, FUTEX_WAKE | private_flag, 10, NULL, NULL, 0) == 3);
    join(3);
    SECTION("wake op");
    start(2, FUTEX_WAIT);
    other = 5;
    CHECK(futex(&word, FUTEX_WAKE_OP | private_flag, 1, (void*)1, &other,
                FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 4)) == 1);
    CHECK(other == 8);
    wait_woken(1);
    CHECK(futex(&word, FUTEX_WAKE | private_flag, 10, NULL, NULL, 0) == 1);
    join(2);
    other = 0;
  }
  SECTION("requeueing wakes as many as it shall");
  pthread_attr_t little;
  pthread_attr_init(&little);
  pthread_attr_setstacksize(&little, 64 << 10);
  pthread_t crowd[kCrowd];
  for (int i = 0; i < kCrowd; i++) REQUIRE(pthread_create(&crowd[i], &little, wait_in_crowd, NULL) == 0);
  while (__atomic_load_n(&crowd_waits, __ATOMIC_ACQUIRE) < kCrowd) usleep(1000);
  usleep(300000);
  CHECK(syscall(SYS_futex, &crowd_word, FUTEX_CMP_REQUEUE_PRIVATE, kCrowd, 1000L, &crowd_target, 0) == kCrowd);
  CHECK(syscall(SYS_futex, &crowd_target, FUTEX_WAKE_PRIVATE, 1000, NULL, NULL, 0) == 0);
  for (int i = 0; i < kCrowd; i++) pthread_join(crowd[i], NULL);
  SECTION("errors");
  CHECK_ERRNO(futex((uint32_t*)((char*)&word + 1), FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL);
  struct timespec bad = {0, 2000000000};
  CHECK_ERRNO(futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0), EINVAL);
  CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0), EINVAL);
  CHECK_ERRNO(futex(&word, 99, 0, NULL, NULL, 0), ENOSYS);
  return check_done();
}
