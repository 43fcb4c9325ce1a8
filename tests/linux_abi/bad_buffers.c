// SPDX-License-Identifier: Apache-2.0
// Buffers that end where nothing is mapped, that no program can have, or that are empty, and descriptors of every kind
// that has no data: each answer is printed and compared with native.
#include "check.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#define SHOW(call)                                                         \
  do {                                                                     \
    errno = 0;                                                             \
    long show_result = (long)(call);                                       \
    SAY("%s = %ld %d", #call, show_result, show_result == -1 ? errno : 0); \
  } while (0)

static char buffer[4096];
static char* page;  // readable; nothing is mapped behind it
static void* volatile nowhere = (void*)-1;
static volatile size_t endless = (size_t)-1;
static volatile int too_many = 1025;

static void regular_file(const char* name, int file) {
  SECTION(name);
  REQUIRE(file >= 0);
  struct iovec ends_early[2] = {{page + 4090, 6}, {page + 4096, 10}}, begins_badly[2] = {{(void*)8, 6}, {buffer, 10}};
  struct iovec too_large = {buffer, endless}, impossible[2] = {{buffer, 5}, {nowhere, 0}};
  SHOW(write(file, page + 4000, 200));
  SHOW(lseek(file, 0, SEEK_CUR));
  SHOW(pwrite(file, buffer, 300, 0));
  SHOW(pread(file, page + 4000, 200, 0));
  SHOW(pread(file, page + 4096, 200, 0));
  SHOW(lseek(file, 0, SEEK_SET));
  SHOW(read(file, page + 4000, 200));
  SHOW(lseek(file, 0, SEEK_CUR));
  SHOW(write(file, page + 4096, 5));
  SHOW(read(file, page + 4096, 0));
  SHOW(writev(file, ends_early, 2));
  SHOW(lseek(file, 0, SEEK_SET));
  SHOW(readv(file, ends_early, 2));
  SHOW(pwritev(file, ends_early, 2, 7));
  SHOW(preadv(file, ends_early, 2, 7));
  SHOW(writev(file, begins_badly, 2));
  SHOW(writev(file, &too_large, 1));
  SHOW(readv(file, &too_large, 1));
  SHOW(writev(file, impossible, 2));
  SHOW(writev(file, &too_large, too_many));
  SHOW(writev(file, &too_large, 0));
  SHOW(read(file, buffer, endless));
  SHOW(write(file, buffer, endless));
  SHOW(write(file, nowhere, 0));
  SHOW(read(file, nowhere, 0));
  SHOW(pread(file, nowhere, 0, 0));
  SHOW(pwrite(file, nowhere, 0, 0));
  SHOW(read(file, (void*)8, 0));
  SHOW(write(file, (void*)8, 0));
  SHOW(lseek(file, 0, SEEK_END));
  SHOW(read(file, page + 4096, 5));
  close(file);
}

static void pipes_and_sockets(void) {
  SECTION("a pipe");
  int ends[2];
  struct iovec ends_early[2] = {{page + 4090, 6}, {page + 4096, 10}};
  REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
  SHOW(write(ends[1], page + 4000, 200));
  SHOW(writev(ends[1], ends_early, 2));
  SHOW(read(ends[0], page + 4090, 50));
  SHOW(write(ends[1], buffer, endless));
  static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
  for (int i = 0; i < 3; i++) {
    SAY("a socket pair of type %d", types[i]);
    REQUIRE(socketpair(AF_UNIX, types[i] | SOCK_NONBLOCK, 0, ends) == 0);
    SHOW(recv(ends[0], buffer, 0, 0));
    SHOW(read(ends[0], buffer, 0));
    SHOW(write(ends[0], page + 4000, 200));
    SHOW(read(ends[1], buffer, 300));
    SHOW(write(ends[0], buffer, 300));
    SHOW(read(ends[1], buffer, 0));
    SHOW(recv(ends[1], page + 4000, 200, MSG_PEEK));
    SHOW(read(ends[1], page + 4000, 200));
    SHOW(read(ends[1], buffer, 300));
    SHOW(write(ends[0], buffer, 9));
    SHOW(recv(ends[1], buffer, 0, 0));
    SHOW(recv(ends[1], buffer, 9, 0));
    SHOW(send(ends[0], nowhere, 0, 0));
    SHOW(lseek(ends[0], 0, SEEK_CUR));
  }
}

static int map(int fd) { return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0; }

static void no_data(void) {
  sigset_t none;
  sigemptyset(&none);
  const struct {
    const char* name;
    int fd;
  } kinds[] = {{"epoll", epoll_create1(0)},
               {"signalfd", signalfd(-1, &none, SFD_NONBLOCK)},
               {"timerfd", timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)},
               {"eventfd", eventfd(0, EFD_NONBLOCK)},
               {"a path", open(".", O_PATH)}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const int fd = kinds[i].fd;
    SECTION(kinds[i].name);
    SHOW(read(fd, buffer, 0));
    SHOW(read(fd, buffer, 4));
    SHOW(read(fd, buffer, 200));
    SHOW(write(fd, buffer, 0));
    SHOW(write(fd, buffer, 4));
    SHOW(pread(fd, buffer, 8, 0));
    SHOW(pwrite(fd, buffer, 8, 0));
    SHOW(lseek(fd, 5, SEEK_SET));
    SHOW(lseek(fd, 0, 99));
    SHOW(ftruncate(fd, 0));
    SHOW(fsync(fd));
    SHOW(fallocate(fd, 0, 0, 1));
    SHOW(fcntl(fd, F_GETFL));
    SHOW(map(fd));
    struct epoll_event event = {.events = EPOLLIN};
    SHOW(epoll_ctl(kinds[0].fd, EPOLL_CTL_ADD, fd, &event));
    SHOW(epoll_ctl(fd, EPOLL_CTL_ADD, kinds[3].fd, &event));
    SHOW(epoll_wait(fd, &event, 1, 0));
    SHOW(flock(fd, LOCK_SH | LOCK_NB));
  }
}

static void others(void) {
  SECTION("locks that nobody has");
  int file = open("locked", O_RDWR | O_CREAT, 0600);
  static const int operations[] = {99, 0, LOCK_SH | LOCK_EX, LOCK_NB, LOCK_MAND | LOCK_SH};
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) SHOW(flock(file, operations[i]));
  unlink("locked");

  SECTION("/dev/zero, shared");
  int zero = open("/dev/zero", O_RDWR);
  char* shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
  char* another = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
  REQUIRE(shared != MAP_FAILED && another != MAP_FAILED);
  shared[5000] = 1;
  CHECK(another[5000] == 0 && another[904] == 0 && shared[0] == 0);
  CHECK(munmap(shared, 8192) == 0 && munmap(another, 8192) == 0);
}

static void print_trap(int signal, siginfo_t* info, void* context) {
  (void)context;
  SAY("signal %d code %d", signal, info->si_code);
}

int main(void) {
  page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED && munmap(page + 4096, 4096) == 0);
  memset(page, 'x', 4096);
  regular_file("a file", open("file", O_RDWR | O_CREAT | O_TRUNC, 0600));
  regular_file("a memory file", memfd_create("file", 0));
  unlink("file");
  pipes_and_sockets();
  no_data();
  others();
  struct sigaction action = {.sa_sigaction = print_trap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, NULL);
  __asm__ volatile(".byte 0xf1");  // int1
  __asm__ volatile("int3");
  return check_done();
}
