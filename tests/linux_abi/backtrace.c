// SPDX-License-Identifier: Apache-2.0
// Unwinding from a handler that interrupted a system call: the frames above and below the call site are all found.
// flags: -rdynamic
#include "check.h"
#include <execinfo.h>

static pthread_t main_thread;
static char names[30][64];
static int name_count;

static void handler(int number) {
  (void)number;
  void* frames[60];
  int count = backtrace(frames, 60);
  char** symbols = backtrace_symbols(frames, count);
  name_count = 0;
  for (int i = 0; i < count && name_count < 30; i++) {
    const char* open = strchr(symbols[i], '(');
    if (!open) continue;
    size_t length = strcspn(open + 1, "+)");
    if (length && length < 63) {
      memcpy(names[name_count], open + 1, length);
      names[name_count++][length] = 0;
    }
  }
  free(symbols);
}
static int has(const char* name) {
  for (int i = 0; i < name_count; i++)
    if (strcmp(names[i], name) == 0) return 1;
  return 0;
}
static void* send(void* unused) {
  sleep_ms(60);
  pthread_kill(main_thread, SIGUSR1);
  return unused;
}
__attribute__((noinline)) void inner_function(int fd) {
  char byte;
  CHECK_ERRNO(read(fd, &byte, 1), EINTR);
  __asm__ volatile("");
}
__attribute__((noinline)) void outer_function(int fd) {
  inner_function(fd);
  __asm__ volatile("");
}

int main(void) {
  void* warm[4];
  backtrace(warm, 4);  // loads libgcc_s outside the handler
  main_thread = pthread_self();
  struct sigaction action = {.sa_handler = handler};
  sigaction(SIGUSR1, &action, NULL);
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  SECTION("in read");
  pthread_t thread;
  pthread_create(&thread, NULL, send, NULL);
  outer_function(pipes[0]);
  pthread_join(thread, NULL);
  SAY("inner %d outer %d main %d", has("inner_function"), has("outer_function"), has("main"));
  SECTION("in raise");
  raise(SIGUSR1);
  SAY("main %d", has("main"));
  return check_done();
}
