// SPDX-License-Identifier: Apache-2.0
// What programs read in /proc about themselves.
#include "check.h"
#include <dirent.h>

static char text[1 << 20];
static const char* slurp(const char* path) {
  int fd = open(path, O_RDONLY);
  ssize_t n = 0, got;
  if (fd < 0) return NULL;
  while ((got = read(fd, text + n, sizeof text - 1 - (size_t)n)) > 0) n += got;
  close(fd);
  text[n] = 0;
  return text;
}
static int mapped(const void* address, const char* rights) {
  const char* t = slurp("/proc/self/maps");
  unsigned long from, to, at = (unsigned long)address;
  char r[8];
  for (; t && *t; t = strchr(t, '\n') ? strchr(t, '\n') + 1 : NULL)
    if (sscanf(t, "%lx-%lx %4s", &from, &to, r) == 3 && from <= at && at < to) return strncmp(r, rights, 3) == 0;
  return 0;
}
static int global_data = 5;

int main(int argc, char** argv) {
  (void)argc;
  char b[PATH_MAX];
  SECTION("exe");
  ssize_t n = readlink("/proc/self/exe", b, sizeof b - 1);
  REQUIRE(n > 0);
  b[n] = 0;
  SAY("%s", strrchr(b, '/'));
  char real[PATH_MAX];
  CHECK(realpath(argv[0], real) && strcmp(real, b) == 0);
  CHECK(access("/proc/self/exe", R_OK) == 0);
  int fd = open("/proc/self/exe", O_RDONLY);
  CHECK(fd >= 0 && read(fd, b, 4) == 4 && memcmp(b, "\177ELF", 4) == 0);
  SECTION("cmdline");
  CHECK(slurp("/proc/self/cmdline") && strcmp(text, argv[0]) == 0);
  SECTION("maps");
  int local = 1;
  void* heap = malloc(100);
  CHECK(mapped((void*)(uintptr_t)main, "r-x"));
  CHECK(mapped(&global_data, "rw-"));
  CHECK(mapped(&local, "rw-"));
  CHECK(mapped(heap, "rw-"));
  void* p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mapped(p, "---"));
  munmap(p, 4096);
  SECTION("status");
  CHECK(slurp("/proc/self/status") && strstr(text, "Name:\tproc-pie\n") && strstr(text, "\nPid:\t") &&
        strstr(text, "\nThreads:\t1\n"));
  CHECK(strstr(text, "VmRSS:") && strstr(text, "Uid:"));
  SECTION("stat");
  int pid = 0;
  char name[64], state;
  CHECK(slurp("/proc/self/stat") && sscanf(text, "%d (%63[^)]) %c", &pid, name, &state) == 3);
  CHECK(pid == getpid() && strcmp(name, "proc-pie") == 0 && state == 'R');
  int fields = 0;
  for (char* c = text; *c; c++) fields += *c == ' ';
  CHECK(fields >= 51);
  unsigned long rss = 0;
  CHECK(slurp("/proc/self/statm") && sscanf(text, "%*u %lu", &rss) == 1 && rss > 0);
  SECTION("fd");
  DIR* d = opendir("/proc/self/fd");
  int count = 0;
  for (struct dirent* e; d && (e = readdir(d));) count += e->d_name[0] != '.';
  CHECK(count >= 4);
  int file = open("named", O_RDWR | O_CREAT, 0600);
  snprintf(b, sizeof b, "/proc/self/fd/%d", file);
  n = readlink(b, real, sizeof real - 1);
  CHECK(n > 6 && memcmp(real + n - 6, "/named", 6) == 0);
  CHECK(write(file, "via proc", 8) == 8);
  int again = open(b, O_RDONLY);
  CHECK(again >= 0 && read(again, real, 100) == 8);
  SECTION("numeric and task");
  snprintf(b, sizeof b, "/proc/%d/stat", getpid());
  CHECK(slurp(b) && atoi(text) == getpid());
  snprintf(b, sizeof b, "/proc/self/task/%d", getpid());
  CHECK(access(b, F_OK) == 0);
  SECTION("system");
  CHECK(slurp("/proc/meminfo") && strstr(text, "MemTotal:") && strstr(text, "MemAvailable:"));
  CHECK(slurp("/proc/cpuinfo") && strstr(text, "processor\t: 0"));
  CHECK(slurp("/proc/sys/kernel/osrelease") && *text);
  CHECK(slurp("/proc/sys/vm/overcommit_memory") && *text);
  CHECK(slurp("/proc/sys/net/core/somaxconn") && atoi(text) > 0);
  CHECK(slurp("/proc/uptime") && atof(text) > 0);
  CHECK(slurp("/proc/loadavg") && *text);
  CHECK(slurp("/proc/self/limits") && strstr(text, "Max open files"));
  CHECK(slurp("/sys/devices/system/cpu/online") && *text == '0');
  SECTION("read in small pieces is consistent");
  fd = open("/proc/self/maps", O_RDONLY);
  size_t total = 0;
  char piece[7];
  while ((n = read(fd, piece, sizeof piece)) > 0) total += (size_t)n;
  CHECK(n == 0 && total > 500);
  CHECK_ERRNO(open("/proc/self/nonexistent", O_RDONLY), ENOENT);
  CHECK_ERRNO(open("/proc/self/maps/x", O_RDONLY), ENOTDIR);
  return check_done();
}
