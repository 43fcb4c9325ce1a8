// SPDX-License-Identifier: Apache-2.0
// Without a handler, writing to a pipe that nobody reads ends the process by SIGPIPE.
#include "check.h"

int main(void) {
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  close(pipes[0]);
  SAY("now");
  (void)!write(pipes[1], "x", 1);
  SAY("FAILED still alive");
  return 1;
}
