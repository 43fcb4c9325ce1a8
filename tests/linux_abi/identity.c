// SPDX-License-Identifier: Apache-2.0
// Who and where we are: ids, uname, sysinfo, limits, prctl, scheduling, auxiliary vector, randomness.
#include "check.h"
#include <sched.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

int main(int argc, char** argv) {
  (void)argc;
  SECTION("ids");
  CHECK(getpid() > 0 && syscall(SYS_gettid) == getpid() && getppid() >= 0);
  CHECK(getuid() == geteuid() && getgid() == getegid());
  uid_t u[3];
  gid_t g[3];
  CHECK(getresuid(&u[0], &u[1], &u[2]) == 0 && u[0] == u[1] && u[1] == u[2] && u[0] == getuid());
  CHECK(getresgid(&g[0], &g[1], &g[2]) == 0 && g[0] == getgid());
  CHECK(getgroups(0, NULL) >= 0 && setuid(getuid()) == 0 && setgid(getgid()) == 0);
  CHECK(getpgrp() > 0 && getpgid(0) == getpgrp() && getsid(0) > 0);
  SAY("uid %u gid %u parent %d", getuid(), getgid(), getppid());
  gid_t groups[64];
  const int group_count = getgroups(64, groups);
  for (int i = 0; i < group_count; ++i) SAY("group %u", groups[i]);
  SAY("leads its group %d, its session %d", getpgrp() == getpid(), getsid(0) == getpid());
  SECTION("uname");
  struct utsname name;
  CHECK(uname(&name) == 0);
  SAY("%s %s", name.sysname, name.machine);
  int major = 0, minor = 0;
  CHECK(sscanf(name.release, "%d.%d", &major, &minor) == 2 && major >= 3);
  SECTION("sysinfo");
  struct sysinfo info;
  CHECK(sysinfo(&info) == 0 && info.totalram > 0 && info.mem_unit > 0 && info.uptime >= 0);
  CHECK(sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_PHYS_PAGES) > 0 &&
        sysconf(_SC_CLK_TCK) == 100);
  SECTION("limits");
  struct rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 256 && limit.rlim_max >= limit.rlim_cur);
  limit.rlim_cur = 300;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 300);
  CHECK_ERRNO(dup2(0, 300), EBADF);
  CHECK(dup2(0, 299) == 299);
  CHECK(getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur >= 1 << 20);
  CHECK_ERRNO(getrlimit(99, &limit), EINVAL);
  limit.rlim_cur = 10, limit.rlim_max = 5;
  CHECK_ERRNO(setrlimit(RLIMIT_CORE, &limit), EINVAL);
  SECTION("usage");
  struct rusage usage;
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > 0 && getrusage(RUSAGE_THREAD, &usage) == 0);
  CHECK_ERRNO(getrusage(99, &usage), EINVAL);
  SECTION("prctl");
  char text[16];
  CHECK(prctl(PR_SET_NAME, "a name that is too long") == 0 && prctl(PR_GET_NAME, text) == 0);
  SAY("%s", text);
  CHECK(prctl(PR_GET_DUMPABLE) >= 0);
  CHECK_ERRNO(prctl(99999, 0, 0, 0, 0), EINVAL);
  SECTION("scheduling");
  cpu_set_t set;
  CHECK(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) >= 1 && sched_yield() == 0);
  CHECK(sched_getscheduler(0) == SCHED_OTHER && sched_get_priority_max(SCHED_FIFO) == 99);
  errno = 0;
  CHECK(getpriority(PRIO_PROCESS, 0) >= -20 && errno == 0);
  CHECK(sched_getcpu() >= 0);
  SECTION("auxiliary vector");
  CHECK(getauxval(AT_PAGESZ) == 4096 && getauxval(AT_RANDOM) && getauxval(AT_PHDR) && getauxval(AT_ENTRY) &&
        getauxval(AT_SECURE) == 0 && getauxval(AT_UID) == getuid());
  CHECK(strcmp((char*)getauxval(AT_EXECFN), argv[0]) == 0);
  SAY("%s", (char*)getauxval(AT_PLATFORM));
  SECTION("randomness");
  unsigned char a[64] = {0}, b[64] = {0};
  CHECK(getrandom(a, 64, 0) == 64 && getrandom(b, 64, GRND_NONBLOCK) == 64 && memcmp(a, b, 64) != 0);
  CHECK(getentropy(a, 32) == 0);
  CHECK_ERRNO(getrandom(a, 64, 0x999), EINVAL);
  SECTION("arch_prctl");
  unsigned long fs = 0;
  CHECK(syscall(SYS_arch_prctl, 0x1003, &fs) == 0 && fs == (unsigned long)pthread_self());
  CHECK_ERRNO(syscall(SYS_arch_prctl, 0x9999, &fs), EINVAL);
  unsigned long gs = 0x12345000;
  CHECK(syscall(SYS_arch_prctl, 0x1001, gs) == 0 && syscall(SYS_arch_prctl, 0x1004, &gs) == 0 && gs == 0x12345000);
  return check_done();
}
