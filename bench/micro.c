// SPDX-License-Identifier: Apache-2.0
// Microbenchmarks of single operations, run natively and inside by tools/bench.
//
//   micro [SECONDS_PER_TEST] [NAME…]      prints one line a test: NAME NANOSECONDS (best of many batches)
//   micro touch MIB                       first touch of MIB MiB: prints `touch NANOSECONDS_PER_PAGE`
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 16];
static int zero, null_device, file, event, pipes[2], pair[2], tcp[2], epoll;
static uint32_t word;
static long (*trap_call)(void);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
static void must(int condition, const char* what) {
  if (!condition) {
    fprintf(stderr, "micro: %s: %s\n", what, strerror(errno));
    exit(1);
  }
}

static void run_getpid(void) { syscall(SYS_getpid); }
static void run_getppid(void) { syscall(SYS_getppid); }
static void run_futex(void) { syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0); }
static void run_sigprocmask(void) {
  sigset_t set;
  sigemptyset(&set);
  sigprocmask(SIG_BLOCK, &set, NULL);
}
static void run_eventfd(void) {
  uint64_t v = 1;
  must(write(event, &v, 8) == 8 && read(event, &v, 8) == 8, "eventfd");
}
static void receive_all(int from, size_t size) {
  for (size_t got = 0; got < size;) {
    ssize_t n = read(from, buffer, size - got);
    must(n > 0, "read");
    got += (size_t)n;
  }
}
static void transfer(int to, int from, size_t size) {
  must(write(to, buffer, size) == (ssize_t)size, "write");
  receive_all(from, size);
}
static void run_pipe(void) { transfer(pipes[1], pipes[0], 64); }
static void run_pipe_4k(void) { transfer(pipes[1], pipes[0], 4096); }
static void run_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
}
static void run_gettimeofday(void) {
  struct timeval t;
  gettimeofday(&t, NULL);
}
static void run_read_zero(void) { must(read(zero, buffer, 64) == 64, "read /dev/zero"); }
static void run_write_null(void) { must(write(null_device, buffer, 64) == 64, "write /dev/null"); }
static void run_pread_file(void) { must(pread(file, buffer, 64, 0) == 64, "pread"); }
static void run_pwrite_file(void) { must(pwrite(file, buffer, 64, 0) == 64, "pwrite"); }
static void run_pwrite_4k(void) { must(pwrite(file, buffer, 4096, 0) == 4096, "pwrite"); }
static void run_pread_4k(void) { must(pread(file, buffer, 4096, 0) == 4096, "pread"); }
static void run_unix(void) { transfer(pair[0], pair[1], 64); }
static void run_unix_4k(void) { transfer(pair[0], pair[1], 4096); }
static void run_tcp(void) { transfer(tcp[0], tcp[1], 64); }
static void run_tcp_4k(void) { transfer(tcp[0], tcp[1], 4096); }
// An answer with its header, as web servers write it, and as memcached does.
static struct iovec answer[2] = {{buffer + 3, 243}, {buffer + 4096, 10240}};
static void run_tcp_writev(void) {
  must(writev(tcp[0], answer, 2) == 10483, "writev");
  receive_all(tcp[1], 10483);
}
static void run_tcp_sendmsg(void) {
  struct iovec parts[2] = {{buffer + 3, 31}, {buffer + 1024, 102}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  must(sendmsg(tcp[0], &message, 0) == 133, "sendmsg");
  receive_all(tcp[1], 133);
}
static void run_recv_empty(void) { must(recv(tcp[1], buffer, 64, MSG_DONTWAIT) == -1, "recv"); }
static void run_writev(void) {
  struct iovec v[4] = {{buffer, 100}, {buffer, 200}, {buffer, 300}, {buffer, 400}};
  must(writev(null_device, v, 4) == 1000, "writev");
}
static void run_epoll(void) {
  struct epoll_event e;
  must(epoll_wait(epoll, &e, 1, 0) == 0, "epoll_wait");
}
static void run_open(void) {
  int fd = open("micro.data", O_RDONLY);
  must(fd >= 0, "open");
  close(fd);
}
static void run_stat(void) {
  struct stat st;
  must(stat("micro.data", &st) == 0, "stat");
}
static void run_fstat(void) {
  struct stat st;
  must(fstat(file, &st) == 0, "fstat");
}
static void run_mmap(void) {
  char* p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(p != MAP_FAILED, "mmap");
  p[0] = 1;
  munmap(p, 65536);
}
static void* nothing(void* p) { return p; }
static void run_thread(void) {
  pthread_t thread;
  must(pthread_create(&thread, NULL, nothing, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
}
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void run_mutex(void) {
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
}
static void run_signal(void) { raise(SIGUSR1); }
static void on_signal(int number) { (void)number; }
static sigjmp_buf jump;
static volatile char* forbidden;
static void on_fault(int number) {
  (void)number;
  siglongjmp(jump, 1);
}
static void run_fault(void) {
  if (sigsetjmp(jump, 1) == 0) *forbidden = 1;
}
static void run_trap(void) { trap_call(); }
static void run_yield(void) { sched_yield(); }

// Another thread answers over two futexes: one hand-over each way.
static uint32_t ping, pong;
static volatile int partner_ends;
static void futex_wait(uint32_t* w, uint32_t old) {
  while (__atomic_load_n(w, __ATOMIC_SEQ_CST) == old)
    syscall(SYS_futex, w, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, old, NULL, NULL, 0);
}
static void futex_set(uint32_t* w, uint32_t value) {
  __atomic_store_n(w, value, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, w, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}
static void* partner(void* unused) {
  for (uint32_t n = 0;;) {
    futex_wait(&ping, n++);
    if (partner_ends) return unused;
    futex_set(&pong, n);
  }
}
static void run_handover(void) {
  uint32_t n = ping;
  futex_set(&ping, n + 1);
  futex_wait(&pong, n);
}

struct Test {
  const char* name;
  void (*run)(void);
};
static const struct Test tests[] = {{"getpid", run_getpid},
                                    {"getppid", run_getppid},
                                    {"futex_wake", run_futex},
                                    {"sigprocmask", run_sigprocmask},
                                    {"eventfd_w+r", run_eventfd},
                                    {"pipe_w+r_64", run_pipe},
                                    {"pipe_w+r_4k", run_pipe_4k},
                                    {"clock_gettime", run_clock},
                                    {"gettimeofday", run_gettimeofday},
                                    {"mutex", run_mutex},
                                    {"sched_yield", run_yield},
                                    {"read_zero_64", run_read_zero},
                                    {"write_null_64", run_write_null},
                                    {"writev_null", run_writev},
                                    {"pread_file_64", run_pread_file},
                                    {"pwrite_file_64", run_pwrite_file},
                                    {"pread_file_4k", run_pread_4k},
                                    {"pwrite_file_4k", run_pwrite_4k},
                                    {"recv_empty", run_recv_empty},
                                    {"unix_w+r_64", run_unix},
                                    {"unix_w+r_4k", run_unix_4k},
                                    {"tcp_w+r_64", run_tcp},
                                    {"tcp_w+r_4k", run_tcp_4k},
                                    {"tcp_writev+r_10k", run_tcp_writev},
                                    {"tcp_sendmsg+r_133", run_tcp_sendmsg},
                                    {"epoll_wait_0", run_epoll},
                                    {"open_close", run_open},
                                    {"stat", run_stat},
                                    {"fstat", run_fstat},
                                    {"mmap_munmap_64k", run_mmap},
                                    {"thread_create_join", run_thread},
                                    {"futex_handover", run_handover},
                                    {"signal_raise", run_signal},
                                    {"fault_handled", run_fault},
                                    {"trap_path", run_trap}};

static void prepare(void) {
  zero = open("/dev/zero", O_RDONLY);
  null_device = open("/dev/null", O_WRONLY);
  file = open("micro.data", O_RDWR | O_CREAT | O_TRUNC, 0600);
  must(file >= 0 && write(file, buffer, 8192) == 8192, "micro.data");
  event = eventfd(0, 0);
  must(pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "pipe, socketpair");
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof a;
  must(bind(listener, (struct sockaddr*)&a, length) == 0 && listen(listener, 1) == 0, "listen");
  getsockname(listener, (struct sockaddr*)&a, &length);
  tcp[0] = socket(AF_INET, SOCK_STREAM, 0);
  must(connect(tcp[0], (struct sockaddr*)&a, length) == 0 && (tcp[1] = accept(listener, NULL, NULL)) >= 0, "connect");
  setsockopt(tcp[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  epoll = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, tcp[1], &e);
  signal(SIGUSR1, on_signal);
  signal(SIGSEGV, on_fault);
  forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // mov $110,%eax; syscall; ret: getppid in memory that no analysis has seen
  static const unsigned char code[] = {0xb8, SYS_getppid, 0, 0, 0, 0x0f, 0x05, 0xc3};
  void* p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(p, code, sizeof code);
  if (mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0) trap_call = (long (*)(void))(uintptr_t)p;
}

static double measure(void (*run)(void), double budget) {
  long count = 1;
  double elapsed;
  for (;; count *= 2) {
    double begin = now();
    for (long i = 0; i < count; i++) run();
    elapsed = now() - begin;
    if (elapsed > budget / 20) break;
  }
  double best = elapsed / (double)count;
  for (double begin = now(); now() - begin < budget;) {
    double t = now();
    for (long i = 0; i < count; i++) run();
    t = (now() - t) / (double)count;
    if (t < best) best = t;
  }
  return best;
}

static int touch(long mib) {
  size_t size = (size_t)mib << 20;
  char* p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(p != MAP_FAILED, "mmap");
  madvise(p, size, MADV_NOHUGEPAGE);
  double t = now();
  for (size_t i = 0; i < size; i += 4096) p[i] = 1;
  printf("touch %.1f\n", (now() - t) / (double)(size / 4096));
  t = now();
  for (size_t i = 0; i < size; i += 4096) p[i] = 2;
  printf("again %.1f\n", (now() - t) / (double)(size / 4096));
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "touch") == 0) return touch(atol(argv[2]));
  double budget = argc > 1 ? atof(argv[1]) * 1e9 : 5e7;
  prepare();
  pthread_t thread;
  pthread_create(&thread, NULL, partner, NULL);
  for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
    int wanted = argc <= 2;
    for (int a = 2; a < argc; a++) wanted |= strcmp(argv[a], tests[i].name) == 0;
    if (!wanted || (tests[i].run == run_trap && !trap_call)) continue;
    printf("%s %.1f\n", tests[i].name, measure(tests[i].run, budget));
    fflush(stdout);
  }
  partner_ends = 1;
  futex_set(&ping, ping + 1);
  pthread_join(thread, NULL);
  return 0;
}
