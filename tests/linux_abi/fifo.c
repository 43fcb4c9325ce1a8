// SPDX-License-Identifier: Apache-2.0
// Named pipes in memory (/dev/shm): opening waits for the other side, end of data, poll, signals, what is left unread.
#include "check.h"
#include <dirent.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

static char path[64], other[80];

static int ready(int fd) {
  struct pollfd p = {fd, POLLIN | POLLOUT, 0};
  poll(&p, 1, 0);
  return p.revents;
}
static int opened(int flags) {
  int fd = open(path, flags);
  REQUIRE(fd >= 0);
  return fd;
}

static int type_in_directory(void) {
  DIR* directory = opendir("/dev/shm");
  REQUIRE(directory != NULL);
  int type = -1;
  for (struct dirent* entry; (entry = readdir(directory)) != NULL;)
    if (strcmp(entry->d_name, path + strlen("/dev/shm/")) == 0) type = entry->d_type;
  closedir(directory);
  return type;
}

static void names(void) {
  struct stat st, again;
  umask(027);
  CHECK(mkfifo(path, 0666) == 0 && stat(path, &st) == 0 && st.st_mode == (S_IFIFO | 0640) && st.st_size == 0);
  CHECK(type_in_directory() == DT_FIFO && st.st_uid == geteuid());
  CHECK_ERRNO(mkfifo(path, 0666), EEXIST);
  CHECK_ERRNO(mkfifo("/dev/shm/none/fifo", 0666), ENOENT);
  CHECK(st.st_nlink == 1 && unlink(path) == 0);
  CHECK(mknod(path, S_IFIFO | 0600, 0) == 0 && lstat(path, &st) == 0 && st.st_mode == (S_IFIFO | 0600));
  CHECK_ERRNO(mknod(other, S_IFDIR | 0600, 0), EPERM);
  CHECK_ERRNO(mknod(other, 0170000 | 0600, 0), EINVAL);
  CHECK_ERRNO(open(path, O_RDONLY | O_DIRECTORY), ENOTDIR);
  CHECK_ERRNO(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
  CHECK_ERRNO(truncate(path, 0), EINVAL);
  CHECK(link(path, other) == 0 && stat(path, &st) == 0 && st.st_nlink == 2 && unlink(path) == 0);
  CHECK(rename(other, path) == 0 && chmod(path, 0620) == 0);
  CHECK(stat(path, &again) == 0 && again.st_ino == st.st_ino && again.st_mode == (S_IFIFO | 0620));
  int place = opened(O_PATH);  // which opens nothing
  CHECK(fstat(place, &again) == 0 && again.st_ino == st.st_ino);
  CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO);
  CHECK(close(place) == 0 && symlink(path, other) == 0);
  int both = open(other, O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(both >= 0 && close(both) == 0 && unlink(other) == 0);
}

static void permissions(void) {
  CHECK(chmod(path, 0200) == 0);
  const uid_t before = geteuid();
  if (before == 0) CHECK(chown(path, 65534, 65534) == 0 && seteuid(65534) == 0);
  CHECK_ERRNO(open(path, O_RDONLY | O_NONBLOCK), EACCES);
  CHECK_ERRNO(open(path, O_RDWR), EACCES);
  CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO);
  CHECK(chmod(path, 0600) == 0);
  if (before == 0) CHECK(seteuid(0) == 0 && chown(path, 0, 0) == 0);
}

static void without_waiting(void) {
  char buffer[16];
  CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO);
  int in = opened(O_RDONLY | O_NONBLOCK);
  CHECK(ready(in) == 0 && read(in, buffer, 4) == 0);  // nobody has come yet: no hang-up
  int out = opened(O_WRONLY | O_NONBLOCK);
  CHECK(ready(out) == POLLOUT && ready(in) == 0);
  CHECK_ERRNO(read(in, buffer, 4), EAGAIN);
  CHECK(write(out, "hello", 5) == 5 && ready(in) == POLLIN);
  int pending = 0;
  CHECK(ioctl(in, FIONREAD, &pending) == 0 && pending == 5);
  int more = opened(O_WRONLY);
  CHECK(close(out) == 0 && read(in, buffer, 16) == 5 && memcmp(buffer, "hello", 5) == 0 && ready(in) == 0);
  CHECK(close(more) == 0 && ready(in) == POLLHUP && read(in, buffer, 4) == 0);
  out = opened(O_WRONLY);
  CHECK(ready(in) == 0);
  CHECK_ERRNO(lseek(in, 0, SEEK_SET), ESPIPE);
  CHECK_ERRNO(pread(in, buffer, 1, 0), ESPIPE);
  CHECK_ERRNO(ftruncate(out, 0), EINVAL);
  CHECK_ERRNO(fallocate(out, 0, 0, 1), ESPIPE);
  CHECK_ERRNO(fsync(out), EINVAL);
  CHECK_ERRNO(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, in, 0), ENODEV);
  CHECK_ERRNO(read(out, buffer, 1), EBADF);
  CHECK_ERRNO(write(in, buffer, 1), EBADF);
  CHECK(close(in) == 0 && ready(out) == (POLLOUT | POLLERR));
  signal(SIGPIPE, SIG_IGN);
  CHECK_ERRNO(write(out, "x", 1), EPIPE);
  CHECK(close(out) == 0);
}

static void both_ways(void) {
  char buffer[16];
  int fd = opened(O_RDWR);
  CHECK(ready(fd) == POLLOUT && write(fd, "abc", 3) == 3 && ready(fd) == (POLLIN | POLLOUT));
  int in = opened(O_RDONLY);
  CHECK(read(in, buffer, 2) == 2 && read(fd, buffer + 2, 2) == 1 && memcmp(buffer, "abc", 3) == 0);
  CHECK(fcntl(fd, F_GETPIPE_SZ) == 65536 && fcntl(fd, F_SETPIPE_SZ, 8192) == 8192 && fcntl(in, F_GETPIPE_SZ) == 8192);
  CHECK(write(fd, "rest", 4) == 4 && close(fd) == 0);
  CHECK(read(in, buffer, 16) == 4 && read(in, buffer, 16) == 0 && close(in) == 0);
  fd = opened(O_RDWR);
  CHECK(write(fd, "lost", 4) == 4 && close(fd) == 0);
  in = opened(O_RDONLY | O_NONBLOCK);
  CHECK(read(in, buffer, 16) == 0 && close(in) == 0);  // with the last open file went the data
  fd = opened(O_RDWR);
  CHECK(fcntl(fd, F_GETPIPE_SZ) == 65536);
  char again[64];
  snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
  int out = open(again, O_WRONLY);
  CHECK(out >= 0 && write(out, "by number", 9) == 9 && read(fd, buffer, 16) == 9 && close(out) == 0);
  struct stat a, b;
  CHECK(fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev &&
        a.st_mode == b.st_mode);
  CHECK(close(fd) == 0);
}

static void watched(void) {
  char buffer[16];
  int epoll = epoll_create1(0), in = opened(O_RDONLY | O_NONBLOCK), both = opened(O_RDWR);
  struct epoll_event event = {EPOLLIN | EPOLLET, {.u32 = 1}}, got[4];
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, in, &event) == 0 && epoll_wait(epoll, got, 4, 0) == 0);
  CHECK(write(both, "a", 1) == 1 && epoll_wait(epoll, got, 4, -1) == 1 && got[0].events == EPOLLIN);
  CHECK(epoll_wait(epoll, got, 4, 0) == 0);  // once only
  CHECK(write(both, "b", 1) == 1 && epoll_wait(epoll, got, 4, -1) == 1 && read(in, buffer, 16) == 2);
  event.events = EPOLLIN | EPOLLOUT | EPOLLET, event.data.u32 = 2;
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, both, &event) == 0 && epoll_wait(epoll, got, 4, 0) == 1);
  CHECK(got[0].events == EPOLLOUT && got[0].data.u32 == 2);
  int out = opened(O_WRONLY);
  CHECK(close(both) == 0 && write(out, "c", 1) == 1 && epoll_wait(epoll, got, 4, -1) == 1 && got[0].data.u32 == 1);
  CHECK(close(out) == 0 && epoll_wait(epoll, got, 4, -1) == 1 && got[0].events == (EPOLLIN | EPOLLHUP));
  CHECK(close(in) == 0 && close(epoll) == 0);
}

static void names_change(void) {
  struct stat before, after;
  char buffer[16];
  int fd = opened(O_RDWR);
  CHECK(fstat(fd, &before) == 0 && link(path, other) == 0);
  int out = open(other, O_WRONLY | O_NONBLOCK);
  CHECK(out >= 0 && write(out, "link", 4) == 4 && read(fd, buffer, 16) == 4 && unlink(path) == 0);
  CHECK(rename(other, path) == 0 && fstat(fd, &after) == 0 && after.st_ino == before.st_ino && after.st_nlink == 1);
  CHECK_ERRNO(open(other, O_RDONLY), ENOENT);
  sleep_ms(20);
  CHECK(write(out, "time", 4) == 4 && fstat(out, &after) == 0 && after.st_size == 0);
  CHECK(after.st_mtim.tv_sec > before.st_mtim.tv_sec || after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);
  CHECK(close(out) == 0 && close(fd) == 0);
}

static int last_seen;
static void* reader(void* unused) {
  char buffer[64];
  int in = open(path, O_RDONLY);
  CHECK(in >= 0);
  ssize_t got, all = 0;
  while ((got = read(in, buffer, sizeof buffer)) > 0) all += got;
  CHECK(got == 0);
  __atomic_store_n(&last_seen, (int)all, __ATOMIC_SEQ_CST);
  close(in);
  return unused;
}
static void* writer(void* unused) {
  int out = open(path, O_WRONLY);
  static char block[200000];
  CHECK(out >= 0 && write(out, block, sizeof block) == sizeof block);
  close(out);
  return unused;
}
static void waiting(void) {
  pthread_t a, b;
  for (int round = 0; round < 20; round++) {
    last_seen = -1;
    pthread_create(&a, NULL, round % 2 ? reader : writer, NULL);
    if (round % 3 == 0) sleep_ms(10);
    pthread_create(&b, NULL, round % 2 ? writer : reader, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    CHECK(last_seen == 200000);
  }
}

static void* wait_for_writer(void* unused) {
  int in = open(path, O_RDONLY);
  CHECK(in >= 0 && close(in) == 0);
  return unused;
}
static void many(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, wait_for_writer, NULL);
  sleep_ms(20);
  int fd = opened(O_RDWR);  // the writer that all wait for, or will find
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  CHECK(close(fd) == 0);
  CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO);
}

static int signals, finished;
static pthread_t waiting_thread;
static void on_signal(int number) {
  (void)number;
  __atomic_fetch_add(&signals, 1, __ATOMIC_SEQ_CST);
}
static void* interrupter(void* restarts) {
  while (!__atomic_load_n(&finished, __ATOMIC_SEQ_CST)) {
    sleep_ms(5);
    if (restarts && __atomic_load_n(&signals, __ATOMIC_SEQ_CST) >= 3) break;
    pthread_kill(waiting_thread, SIGUSR1);
  }
  if (restarts) close(opened(O_WRONLY));
  return NULL;
}
static void interrupted(int flags, int access) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, NULL);
  waiting_thread = pthread_self();
  signals = finished = 0;
  pthread_t thread;
  pthread_create(&thread, NULL, interrupter, flags & SA_RESTART ? path : NULL);
  errno = 0;
  int fd = open(path, access);
  int error = errno;
  __atomic_store_n(&finished, 1, __ATOMIC_SEQ_CST);
  pthread_join(thread, NULL);
  if (flags & SA_RESTART)
    CHECK(fd >= 0 && signals >= 3 && close(fd) == 0);
  else
    CHECK(fd == -1 && error == EINTR);
  CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO);  // who gave up has left nothing behind
}

static void broken(void) {
  struct sigaction action = {.sa_handler = on_signal};
  sigemptyset(&action.sa_mask);
  sigaction(SIGPIPE, &action, NULL);
  signals = 0;
  int in = opened(O_RDONLY | O_NONBLOCK), out = opened(O_WRONLY);
  CHECK(close(in) == 0);
  CHECK_ERRNO(write(out, "x", 1), EPIPE);
  CHECK(signals == 1);
  in = opened(O_RDONLY | O_NONBLOCK);
  CHECK(write(out, "x", 1) == 1 && close(in) == 0 && close(out) == 0 && signals == 1);
}

int main(void) {
  snprintf(path, sizeof path, "/dev/shm/cloister-fifo-%d", getpid());
  snprintf(other, sizeof other, "%s.other", path);
  unlink(path);
  SECTION("names");
  names();
  SECTION("permissions");
  permissions();
  SECTION("without waiting");
  without_waiting();
  SECTION("both ways");
  both_ways();
  SECTION("epoll");
  watched();
  SECTION("names change");
  names_change();
  SECTION("waiting for each other");
  waiting();
  SECTION("many wait for one");
  many();
  SECTION("interrupted");
  interrupted(0, O_RDONLY);
  interrupted(0, O_WRONLY);
  SECTION("restarted");
  interrupted(SA_RESTART, O_RDONLY);
  SECTION("no reader");
  broken();
  SECTION("removed while open");
  int fd = opened(O_RDWR);
  CHECK(unlink(path) == 0 && write(fd, "x", 1) == 1);
  CHECK_ERRNO(open(path, O_RDONLY), ENOENT);
  struct stat st;
  CHECK(fstat(fd, &st) == 0 && st.st_nlink == 0);
  return check_done();
}
