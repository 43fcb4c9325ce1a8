// SPDX-License-Identifier: Apache-2.0
// Processes: natively they work; inside they do not exist yet and say so by ENOSYS, and the program goes on.
#include "check.h"
#include <spawn.h>
#include <sys/wait.h>

extern char** environ;

int main(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(3);
  if (child > 0) {
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    SAY("fork works");
  } else {
    SAY("fork: errno %d", errno);
  }
  char* arguments[] = {"/bin/true", NULL};
  int result = posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ);
  if (result == 0) waitpid(child, NULL, 0);
  SAY("posix_spawn: %d", result);
  errno = 0;
  CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
  return check_done();
}
