// SPDX-License-Identifier: Apache-2.0
// Works with host files in the current directory and prints only what it has put there itself, so that every honest run
// prints the same. Any error that a call gives it ends it with status 3 and one line.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void need(int condition, const char* what) {
  if (condition) return;
  printf("error: %s\n", what);
  exit(3);
}

int main(void) {
  need(mkdir("d", 0755) == 0, "mkdir");
  int file = open("d/one", O_RDWR | O_CREAT | O_EXCL, 0644);
  need(file >= 0, "open");
  char text[300], back[300];
  memset(text, 'x', sizeof text);
  need(write(file, text, sizeof text) == sizeof text, "write");
  need(pwrite(file, "hello", 5, 10) == 5, "pwrite");
  need(lseek(file, 0, SEEK_SET) == 0, "lseek");
  need(read(file, back, sizeof back) == sizeof back, "read");
  memcpy(text + 10, "hello", 5);
  need(memcmp(text, back, sizeof text) == 0, "contents");
  struct stat status;
  need(fstat(file, &status) == 0, "fstat");
  need(ftruncate(file, 100) == 0, "ftruncate");
  need(fsync(file) == 0, "fsync");
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
  need(fcntl(file, F_SETLK, &lock) == 0, "lock");
  need(flock(file, LOCK_EX) == 0, "flock");
  need(fchmod(file, 0600) == 0, "chmod");
  need(close(file) == 0, "close");
  need(link("d/one", "d/two") == 0 && symlink("one", "d/three") == 0, "link");
  ssize_t size = readlink("d/three", back, sizeof back);
  need(size == 3 && memcmp(back, "one", 3) == 0, "readlink");
  need(rename("d/two", "d/four") == 0, "rename");
  need(stat("d/four", &status) == 0 && access("d/four", R_OK) == 0, "stat");
  struct statvfs about;
  need(statvfs("d", &about) == 0, "statvfs");
  DIR* directory = opendir("d");
  need(directory != NULL, "opendir");
  int entries = 0;
  errno = 0;
  while (readdir(directory) != NULL) entries++;
  need(errno == 0, "readdir");
  closedir(directory);
  printf("%d entries\n", entries);
  need(unlink("d/one") == 0 && unlink("d/three") == 0 && unlink("d/four") == 0 && rmdir("d") == 0, "unlink");
  puts("done");
  return fflush(stdout) == 0 ? 0 : 3;
}
