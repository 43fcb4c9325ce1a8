// SPDX-License-Identifier: Apache-2.0
// Tells about its terminal, waits for a size change, reads a line, then waits for Ctrl-C.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t resized, interrupted;
static void on_resize(int n) { resized = n; }
static void on_interrupt(int n) { interrupted = n; }

int main(void) {
  struct winsize size;
  struct termios t;
  char line[100];
  printf("tty %d %d %d\n", isatty(0), isatty(1), isatty(2));
  if (ioctl(0, TIOCGWINSZ, &size) == 0) printf("size %d %d\n", size.ws_row, size.ws_col);
  const char* const name = ttyname(0);
  struct stat by_name, open_one;
  printf("named %d\n", name != NULL && stat(name, &by_name) == 0 && fstat(0, &open_one) == 0 &&
                           by_name.st_dev == open_one.st_dev && by_name.st_rdev == open_one.st_rdev);
  struct sigaction action = {.sa_handler = on_resize};
  sigaction(SIGWINCH, &action, NULL);
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, NULL);
  sigset_t both, before;
  sigemptyset(&both);
  sigaddset(&both, SIGWINCH);
  sigaddset(&both, SIGINT);
  sigprocmask(SIG_BLOCK, &both, &before);
  printf("waiting\n");
  fflush(stdout);
  while (!resized) sigsuspend(&before);
  if (ioctl(0, TIOCGWINSZ, &size) == 0) printf("size %d %d\n", size.ws_row, size.ws_col);
  fflush(stdout);
  if (fgets(line, sizeof line, stdin)) printf("line %s", line);
  printf("raw %d\n", tcgetattr(0, &t) == 0 ? (t.c_lflag &= ~(tcflag_t)(ICANON | ECHO), tcsetattr(0, TCSANOW, &t)) : -1);
  fflush(stdout);
  char byte = 0;
  if (read(0, &byte, 1) == 1) printf("byte %c\n", byte);
  fflush(stdout);
  while (!interrupted) sigsuspend(&before);
  printf("interrupted\n");
  return 5;
}
