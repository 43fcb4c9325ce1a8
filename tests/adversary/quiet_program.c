// SPDX-License-Identifier: Apache-2.0
// A static program that makes a few calls of each kind and needs nothing.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
  char buffer[100];
  struct stat status;
  const int file = open("/proc/self/exe", O_RDONLY), other = open("/etc", O_RDONLY | O_DIRECTORY);
  if (file < 0 || read(file, buffer, sizeof buffer) != sizeof buffer || fstat(other, &status) != 0) return 1;
  close(file);
  close(other);
  puts("done");
  return 0;
}
