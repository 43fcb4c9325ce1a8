// SPDX-License-Identifier: Apache-2.0
// Buffers of every small size and alignment, and around the sizes at which a transfer is cut into parts, through
// regular files, pipes and sockets: what arrives is what was sent, and nothing beside it changes.
#include "check.h"
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

enum { kLargest = 400 << 10, kMargin = 16 };
static char from[kLargest + 2 * kMargin], to[kLargest + 2 * kMargin];

static void fill(unsigned seed) {
  for (size_t i = 0; i < sizeof from; ++i) from[i] = (char)((i * 2654435761u + seed) >> 11);
  memset(to, 0x5a, sizeof to);
}

// `got` bytes of the `from` that begins at `source` lie in the `to` that begins at `target`, between untouched ones.
static int arrived(size_t source, size_t target, ssize_t got) {
  if (got < 0 || memcmp(from + source, to + target, (size_t)got) != 0) return 0;
  for (size_t i = 0; i < sizeof to; ++i)
    if ((i < target || i >= target + (size_t)got) && to[i] != 0x5a) return 0;
  return 1;
}

static int through_file(int fd, size_t source, size_t target, size_t size) {
  fill((unsigned)size);
  if (pwrite(fd, from + source, size, 3) != (ssize_t)size || pread(fd, to + target, size, 3) != (ssize_t)size) return 0;
  if (!arrived(source, target, (ssize_t)size)) return 0;
  fill((unsigned)size + 1);
  if (lseek(fd, 5, SEEK_SET) != 5 || write(fd, from + source, size) != (ssize_t)size) return 0;
  if (lseek(fd, 0, SEEK_CUR) != (off_t)(5 + size) || lseek(fd, 5, SEEK_SET) != 5) return 0;
  return read(fd, to + target, size) == (ssize_t)size && lseek(fd, 0, SEEK_CUR) == (off_t)(5 + size) &&
         arrived(source, target, (ssize_t)size);
}

static int through_stream(int in, int out, size_t source, size_t target, size_t size, int is_socket) {
  fill((unsigned)size + 2);
  const ssize_t sent = is_socket ? send(in, from + source, size, 0) : write(in, from + source, size);
  if (sent != (ssize_t)size) return 0;
  return (is_socket ? recv(out, to + target, size + 9, 0) : read(out, to + target, size + 9)) == (ssize_t)size &&
         arrived(source, target, (ssize_t)size);
}

static volatile sig_atomic_t signals;
static void note(int number) { signals += number != 0; }

// How many of some transfers of a regular file moved fewer bytes than asked while signals came.
static int shortened(int fd, int flags) {
  enum { kSize = 4 << 20, kRounds = 40 };
  static char large[kSize];
  const struct iovec halves[2] = {{large, kSize / 2}, {large + kSize / 2, kSize / 2}};
  struct sigaction action = {.sa_handler = note, .sa_flags = flags};
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, NULL);
  int count = 0;
  for (int i = 0; i < kRounds; ++i) {
    lseek(fd, 0, SEEK_SET);
    count += pwrite(fd, large, kSize, 0) != kSize;
    count += pread(fd, large, kSize, 0) != kSize;
    count += read(fd, large, kSize) != kSize;
    lseek(fd, 0, SEEK_SET);
    count += write(fd, large, kSize) != kSize;
    lseek(fd, 0, SEEK_SET);
    count += readv(fd, halves, 2) != kSize;
    lseek(fd, 0, SEEK_SET);
    count += writev(fd, halves, 2) != kSize;
  }
  setitimer(ITIMER_REAL, &never, NULL);
  return count;
}

// Reads and writes over memory of which a page is missing: what they answer, and where the file stands then.
static void over_a_hole(int fd) {
  enum { kBefore = 512 << 10 };
  char* memory = mmap(NULL, kBefore + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED && munmap(memory + kBefore, 4096) == 0);
  char* const hole = memory + kBefore;
  const long before[] = {10, 4096, 131072, 131073, 200000, 300000};
  REQUIRE(ftruncate(fd, 1 << 20) == 0);
  for (size_t i = 0; i < sizeof before / sizeof *before; ++i) {
    lseek(fd, 0, SEEK_SET);
    long result = read(fd, hole - before[i], 400000);
    SAY("read %ld before: %ld at %ld", before[i], result, (long)lseek(fd, 0, SEEK_CUR));
    lseek(fd, 0, SEEK_SET);
    result = write(fd, hole - before[i], 400000);
    SAY("write %ld before: %ld at %ld", before[i], result, (long)lseek(fd, 0, SEEK_CUR));
    SAY("pread %ld, pwrite %ld", (long)pread(fd, hole - before[i], 400000, 0),
        (long)pwrite(fd, hole - before[i], 400000, 0));
  }
  lseek(fd, 77, SEEK_SET);
  CHECK_ERRNO(read(fd, hole, 10), EFAULT);
  CHECK_ERRNO(write(fd, hole, 10), EFAULT);
  CHECK(lseek(fd, 0, SEEK_CUR) == 77);
  munmap(memory, kBefore);
}

int main(void) {
  int fd = open("transfers", O_RDWR | O_CREAT | O_TRUNC, 0600), pipes[2], sockets[2];
  REQUIRE(fd >= 0 && pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  SECTION("small sizes at all alignments");
  for (size_t size = 0; size <= 40; ++size)
    for (size_t alignment = 0; alignment < 8; ++alignment) {
      const size_t source = kMargin + alignment, target = kMargin + (alignment * 3 + size) % 8;
      CHECK(through_file(fd, source, target, size));
      if (size == 0) continue;
      CHECK(through_stream(pipes[1], pipes[0], source, target, size, 0));
      CHECK(through_stream(sockets[0], sockets[1], source, target, size, 1));
    }
  SECTION("around the size of a part");
  const size_t sizes[] = {4096, 65536, (128 << 10) - 1, 128 << 10, (128 << 10) + 1, (256 << 10) - 3, 256 << 10, 300001};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i)
    for (size_t alignment = 0; alignment < 8; alignment += 3)
      CHECK(through_file(fd, kMargin + alignment, kMargin + 7 - alignment, sizes[i]));
  SECTION("end of file");
  for (size_t end = 0; end < 3; ++end) {
    const size_t size = (128 << 10) * end + 5;
    REQUIRE(ftruncate(fd, 0) == 0);
    fill(7);
    CHECK(pwrite(fd, from + kMargin, size, 0) == (ssize_t)size);
    const ssize_t got = pread(fd, to + kMargin, kLargest, 0);
    CHECK(got == (ssize_t)size && arrived(kMargin, kMargin, got));
    CHECK(pread(fd, to, 1, (off_t)size) == 0);
  }
  SECTION("no signal cuts what a regular file does");
  CHECK(shortened(fd, SA_RESTART) == 0);
  CHECK(shortened(fd, 0) == 0);
  CHECK(signals > 20);
  SECTION("a page is missing");
  over_a_hole(fd);
  SECTION("refused");
  CHECK_ERRNO(read(pipes[1], to, 8), EBADF);
  CHECK_ERRNO(write(pipes[0], from, 8), EBADF);
  CHECK_ERRNO(pread(fd, to, 8, -1), EINVAL);
  CHECK_ERRNO(pwrite(fd, from, 8, -1), EINVAL);
  CHECK_ERRNO(recv(fd, to, 8, 0), ENOTSOCK);
  CHECK_ERRNO(recv(sockets[0], to, 8, MSG_DONTWAIT), EAGAIN);
  CHECK(close(sockets[1]) == 0);
  CHECK_ERRNO(send(sockets[0], from, 8, MSG_NOSIGNAL), EPIPE);
  CHECK(recv(sockets[0], to, 8, 0) == 0);
  unlink("transfers");
  return check_done();
}
