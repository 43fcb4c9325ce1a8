// SPDX-License-Identifier: Apache-2.0
// Closes descriptors of the file that it is given, and stays where whoever looks from outside must find them closed.
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void say(const char* what) {
  puts(what);
  fflush(stdout);
}
static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char** argv) {
  const char* const path = argv[argc - 1];
  char buffer[16];
  struct stat status;
  int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &status) != 0 || read(file, buffer, sizeof buffer) < 0) return 1;
  say("closing");
  close(file);
  if (getchar() == EOF) return 1;  // waits with nothing open

  // The record lock of another descriptor, taken after the close, stays.
  file = open(path, O_RDONLY);
  const int locked = open(path, O_RDWR);
  close(file);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
  if (fcntl(locked, F_SETLK, &lock) != 0) return 1;
  say("locked");
  if (getchar() == EOF) return 1;
  close(locked);

  // A lock of the whole file goes with its descriptor, also when nothing else leaves the program.
  file = open(path, O_RDONLY);
  if (flock(file, LOCK_EX) != 0) return 1;
  say("unlocking");
  close(file);
  for (const double end = now() + 3; now() < end;) continue;
  say("end");
  return 0;
}
