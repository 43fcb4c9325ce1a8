// SPDX-License-Identifier: Apache-2.0
// Asks /dev/attestation for a quote over the REPORTDATA in hexadecimal, COUNT times (1): "N bytes" or the errno for
// each on standard error, the last quote on standard output.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long get(const char* path, char* to, size_t capacity) {
  int file = open(path, O_RDONLY);
  if (file < 0) return -errno;
  long size = 0, got;
  while ((got = read(file, to + size, capacity - (size_t)size)) > 0) size += got;
  long result = got < 0 ? -errno : size;
  close(file);
  return result;
}

int main(int argc, char** argv) {
  static char quote[65536];
  unsigned char data[65];
  size_t size = 0;
  for (const char* at = argv[1]; at[0] && at[1] && size < sizeof data; at += 2) {
    char byte[3] = {at[0], at[1], 0};
    data[size++] = (unsigned char)strtoul(byte, NULL, 16);
  }
  char type[32] = "";
  long type_size = get("/dev/attestation/attestation_type", type, sizeof type - 1);
  fprintf(stderr, "type %.*s\n", (int)type_size, type);
  int file = open("/dev/attestation/user_report_data", O_WRONLY);
  if (write(file, data, size) != (ssize_t)size) {
    fprintf(stderr, "write %s\n", strerrorname_np(errno));
    return 3;
  }
  close(file);
  long got = 0;
  for (int count = argc > 2 ? atoi(argv[2]) : 1; count > 0; --count) {
    got = get("/dev/attestation/quote", quote, sizeof quote);
    if (got < 0)
      fprintf(stderr, "quote %s\n", strerrorname_np((int)-got));
    else
      fprintf(stderr, "quote %ld bytes\n", got);
  }
  if (got > 0) fwrite(quote, 1, (size_t)got, stdout);
  return 0;
}
