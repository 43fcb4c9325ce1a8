// SPDX-License-Identifier: Apache-2.0
// Standard streams that are no terminals, and ioctls that do not fit the descriptor.
#include "check.h"
#include <sys/ioctl.h>
#include <termios.h>

int main(void) {
  struct winsize size;
  struct termios t;
  CHECK(!isatty(0) && errno == ENOTTY);
  CHECK_ERRNO(tcgetattr(0, &t), ENOTTY);
  CHECK_ERRNO(ioctl(0, TIOCGWINSZ, &size), ENOTTY);
  int fd = open("f", O_RDWR | O_CREAT, 0600), on = 1;
  CHECK_ERRNO(ioctl(fd, TCGETS, &t), ENOTTY);
  CHECK_ERRNO(ioctl(99, TCGETS, &t), EBADF);
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  CHECK(ioctl(pipes[0], FIONBIO, &on) == 0 && (fcntl(pipes[0], F_GETFL) & O_NONBLOCK));
  CHECK(ioctl(fd, FIOCLEX) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && ioctl(fd, FIONCLEX) == 0 &&
        fcntl(fd, F_GETFD) == 0);
  return check_done();
}
