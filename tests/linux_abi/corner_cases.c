// SPDX-License-Identifier: Apache-2.0
// Answers that are easily another error number, or the right one for another reason.
#include "check.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>

static void paths(void) {
  SECTION("paths and descriptors of paths");
  struct stat status;
  CHECK(mkdir("corner", 0700) == 0 && symlink("nowhere", "corner/link") == 0);
  int directory = open("corner", O_RDONLY | O_DIRECTORY), file = open("corner/file", O_RDWR | O_CREAT, 0600);
  int link = openat(directory, "link", O_PATH | O_NOFOLLOW), path = open("corner/file", O_PATH);
  REQUIRE(directory >= 0 && file >= 0 && link >= 0 && path >= 0);
  char target[32] = "";
  CHECK(readlinkat(link, "", target, sizeof target) == 7 && strcmp(target, "nowhere") == 0);
  CHECK_ERRNO((int)readlinkat(directory, "", target, sizeof target), ENOENT);
  CHECK_ERRNO((int)readlinkat(file, "", target, sizeof target), ENOENT);
  CHECK_ERRNO((int)readlinkat(directory, "link", target, 0), EINVAL);
  CHECK_ERRNO((int)readlink("", target, sizeof target), ENOENT);
  CHECK_ERRNO((int)readlink(".", target, sizeof target), EINVAL);
  CHECK_ERRNO(fchmodat(file, "", 0600, 0), ENOENT);
  CHECK_ERRNO(fchmodat(file, "x", 0600, 0), ENOTDIR);
  CHECK_ERRNO(fstatat(file, "", &status, 0), ENOENT);
  CHECK_ERRNO(mkdirat(directory, "", 0700), ENOENT);
  CHECK_ERRNO(unlinkat(directory, "", 0), ENOENT);
  CHECK_ERRNO(accept(path, NULL, NULL), EBADF);
  CHECK_ERRNO(listen(path, 1), EBADF);
  CHECK(unlink("corner/link") == 0 && unlink("corner/file") == 0 && rmdir("corner") == 0);
}

static void files_and_memory(void) {
  SECTION("files and memory");
  int device = open("/dev/null", O_RDWR), file = open("corner", O_WRONLY | O_CREAT, 0600),
      path = open("corner", O_PATH);
  REQUIRE(device >= 0 && file >= 0 && path >= 0);
  CHECK_ERRNO(fsync(device), EINVAL);
  CHECK_ERRNO(fdatasync(device), EINVAL);
  CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0) == MAP_FAILED && errno == EACCES);
  CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, file, 0) == MAP_FAILED && errno == EINVAL);
  CHECK(mmap(NULL, 4096, PROT_READ, 0, file, 0) == MAP_FAILED && errno == EINVAL);
  CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, path, 0) == MAP_FAILED && errno == EBADF);
  CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, path, 0) == MAP_FAILED && errno == EBADF);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  CHECK_ERRNO((int)pwrite(ends[0], "x", 1, 0), ESPIPE);
  CHECK_ERRNO((int)pread(ends[1], ends, 1, 0), ESPIPE);
  CHECK_ERRNO((int)pwrite(path, "x", 1, 0), EBADF);
  CHECK_ERRNO((int)pread(file, ends, 1, 0), EBADF);
  CHECK(unlink("corner") == 0);
  CHECK_ERRNO(waitpid(INT_MIN, NULL, 0), ESRCH);
  CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
  struct sysinfo machine;
  struct timespec now;
  CHECK(sysinfo(&machine) == 0 && clock_gettime(CLOCK_BOOTTIME, &now) == 0);
  CHECK(machine.uptime - now.tv_sec >= 0 && machine.uptime - now.tv_sec <= 1);
}

static void sockets(void) {
  SECTION("sockets");
  int two[2], value = 0;
  socklen_t size = sizeof value;
  CHECK_ERRNO(socketpair(AF_INET, SOCK_STREAM, 0, two), EOPNOTSUPP);
  CHECK_ERRNO(socketpair(AF_INET, SOCK_DGRAM, IPPROTO_TCP, two), EPROTONOSUPPORT);
  CHECK_ERRNO(socketpair(AF_UNIX, 77, 0, two), EINVAL);
  int tcp = socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(tcp >= 0);
  CHECK_ERRNO(getsockopt(tcp, 500, TCP_NODELAY, &value, &size), EOPNOTSUPP);
  CHECK_ERRNO(getsockopt(tcp, IPPROTO_UDP, 4000, &value, &size), EOPNOTSUPP);
  CHECK_ERRNO(getsockopt(tcp, SOL_SOCKET, 4000, &value, &size), ENOPROTOOPT);
  CHECK_ERRNO(getsockopt(tcp, IPPROTO_TCP, 4000, &value, &size), ENOPROTOOPT);
}

static void scheduling(void) {
  SECTION("scheduling");
  for (int which = PRIO_PROCESS; which <= PRIO_USER; which++) {
    errno = 0;
    CHECK_ERRNO(getpriority(which, (id_t)-1), ESRCH);
    CHECK_ERRNO(setpriority(which, (id_t)-1, 3), ESRCH);
  }
  CHECK(getpriority(PRIO_PGRP, (id_t)getpgrp()) == getpriority(PRIO_PROCESS, 0));
  CHECK_ERRNO(getpriority(3, 0), EINVAL);
  CHECK(sched_get_priority_max(6) == 0 && sched_get_priority_min(6) == 0);  // SCHED_DEADLINE
  cpu_set_t set;
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &set)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    unsigned now = ~0u;
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0 && syscall(SYS_getcpu, &now, NULL, NULL) == 0);
    CHECK((int)now == cpu && sched_getcpu() == cpu);
  }
}

static void signals_and_timers(void) {
  SECTION("signals and timers");
  sigset_t blocked;
  sigfillset(&blocked);
  REQUIRE(sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
  const struct rlimit none = {0, 0};
  REQUIRE(setrlimit(RLIMIT_SIGPENDING, &none) == 0);
  CHECK_ERRNO((int)syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN), EAGAIN);
  CHECK_ERRNO((int)syscall(SYS_tkill, getpid(), SIGRTMIN), EAGAIN);
  CHECK(kill(getpid(), SIGRTMIN) == 0);
  CHECK(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1) == 0);
  sigset_t pending;
  REQUIRE(sigpending(&pending) == 0);
  SAY("pending %d %d", sigismember(&pending, SIGRTMIN), sigismember(&pending, SIGUSR1));
  timer_t timer;
  struct sigevent nobody = {.sigev_notify = SIGEV_NONE};
  for (clockid_t clock = CLOCK_REALTIME_ALARM; clock <= CLOCK_BOOTTIME_ALARM; clock++) {
    const int made = timer_create(clock, &nobody, &timer);
    if (geteuid() == 0 && made == 0) CHECK(timer_delete(timer) == 0);
  }
}

static void process_files(void) {
  SECTION("/proc");
  char text[64] = "";
  int file = open("/proc/self/oom_score_adj", O_RDWR);
  REQUIRE(file >= 0);
  CHECK(pread(file, text, sizeof text, 0) > 0 && strcmp(text, "0\n") == 0);
  CHECK(pwrite(file, "500\n", 4, 0) == 4);
  int again = open("/proc/self/oom_score_adj", O_RDONLY);
  CHECK(read(again, text, sizeof text) > 0 && strncmp(text, "500\n", 4) == 0);
  CHECK_ERRNO((int)pwrite(file, "1001", 4, 0), EINVAL);
  CHECK_ERRNO((int)pwrite(file, "none", 4, 0), EINVAL);
}

int main(void) {
  paths();
  files_and_memory();
  sockets();
  scheduling();
  process_files();
  signals_and_timers();
  return check_done();
}
