// SPDX-License-Identifier: Apache-2.0
// The same random calls to an address space and to this machine's kernel: results, mappings and contents must agree.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/address_space/core_for_test.h"

namespace cloister::testing {
namespace {
constexpr std::uint64_t kPage = 4096, kPages = 96, kSize = kPages * kPage;
constexpr std::uint64_t kLinuxBase = 0x2000'0000'0000;  // where the kernel places nothing by itself
constexpr std::size_t kFileSize = 37 * kPage + 1234;

void* at(std::uint64_t address) { return reinterpret_cast<void*>(address); }

template <typename T>
long outcome(const Result<T>& result) {
  return result.ok() ? 0 : -result.error().errno_value();
}
long outcome(bool succeeded) { return succeeded ? 0 : -errno; }

class Twins {
 public:
  explicit Twins(unsigned seed)
      : arena_(1ULL << 30), space_(arena_.options()), base_(arena_.base() + (256 << 20)), random_(seed) {
    std::vector<std::uint8_t> bytes(kFileSize);
    for (std::size_t i = 0; i < kFileSize; ++i) bytes[i] = static_cast<std::uint8_t>(i / 3 + i / kPage);
    descriptor_ = memfd_create("twin", 0);
    EXPECT_EQ(write(descriptor_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    file_ = std::make_shared<MemoryFile>(std::move(bytes));
    munmap(at(kLinuxBase), kSize);
  }
  ~Twins() {
    munmap(at(kLinuxBase), kSize);
    close(descriptor_);
  }

  void step() {
    const std::uint64_t first = pick(kPages),
                        count = 1 + pick(pick(4) == 0 ? kPages - first : std::min<std::uint64_t>(8, kPages - first));
    const std::uint64_t offset = first * kPage, size = count * kPage;
    long ours = 0, theirs = 0;
    char what[160];
    switch (pick(9)) {
      case 0:
      case 1: {
        const int protection = pick_protection(),
                  flags = MAP_PRIVATE | MAP_ANONYMOUS | (pick(4) == 0 ? MAP_FIXED_NOREPLACE : MAP_FIXED);
        std::snprintf(what, sizeof what, "mmap %lu+%lu prot %d flags %x", first, count, protection, flags);
        ours = outcome(map(offset, size, protection, flags, nullptr, 0));
        theirs = outcome(mmap(at(kLinuxBase + offset), size, protection, flags, -1, 0) != MAP_FAILED);
        break;
      }
      case 2: {
        const int protection = pick_protection();
        const std::uint64_t position = pick(40) * kPage;
        std::snprintf(what, sizeof what, "mmap file %lu+%lu prot %d at page %lu", first, count, protection,
                      position / kPage);
        ours = outcome(map(offset, size, protection, MAP_PRIVATE | MAP_FIXED, file_, position));
        theirs = outcome(mmap(at(kLinuxBase + offset), size, protection, MAP_PRIVATE | MAP_FIXED, descriptor_,
                              static_cast<off_t>(position)) != MAP_FAILED);
        break;
      }
      case 3:
        std::snprintf(what, sizeof what, "munmap %lu+%lu", first, count);
        ours = outcome(space_.unmap(base_ + offset, size));
        theirs = outcome(munmap(at(kLinuxBase + offset), size) == 0);
        break;
      case 4:
      case 5: {
        const int protection = pick_protection();
        std::snprintf(what, sizeof what, "mprotect %lu+%lu prot %d", first, count, protection);
        ours = outcome(space_.protect(base_ + offset, size, protection));
        theirs = outcome(mprotect(at(kLinuxBase + offset), size, protection) == 0);
        break;
      }
      case 6: {
        std::snprintf(what, sizeof what, "madvise %lu+%lu DONTNEED", first, count);
        ours = outcome(space_.advise(base_ + offset, size, MADV_DONTNEED));
        theirs = outcome(madvise(at(kLinuxBase + offset), size, MADV_DONTNEED) == 0);
        break;
      }
      case 7: {
        const std::uint64_t target = pick(kPages),
                            target_count = 1 + pick(std::min<std::uint64_t>(16, kPages - target));
        const bool moves = pick(2) == 0;
        const int flags = moves ? MREMAP_MAYMOVE | MREMAP_FIXED : 0;
        std::snprintf(what, sizeof what, "mremap %lu+%lu to %lu+%lu flags %d", first, count, target, target_count,
                      flags);
        if (!moves && first + target_count > kPages) return;  // would leave the twins' range
        if (moves && count == target_count) return;           // across several mappings: only since Linux 6.17
        ours = outcome(space_.remap(base_ + offset, size, target_count * kPage, flags, base_ + target * kPage));
        theirs = outcome(mremap(at(kLinuxBase + offset), size, target_count * kPage, flags,
                                at(kLinuxBase + target * kPage)) != MAP_FAILED);
        // Which of two errors changed with 6.17, too; and which equal neighbours have become one mapping differs.
        if (!moves && ours != 0 && theirs != 0) ours = theirs;
        parted_ = (ours == 0 && theirs == -EFAULT) || (ours == -EFAULT && theirs == 0);
        if (parted_) return;
        break;
      }
      default: return store(offset);
    }
    history_ += std::string(what) + ": " + std::to_string(theirs) + "\n";
    ASSERT_EQ(ours, theirs) << history_;
  }

  bool have_parted() const { return parted_; }

  // Mappings and readable bytes.
  void compare() {
    std::vector<int> here(kPages, -1), there(kPages, -1);
    for (const auto& mapping : space_.snapshot())
      for (std::uint64_t page = mapping.start; page < mapping.end; page += kPage)
        if (page >= base_ && page < base_ + kSize) here[(page - base_) / kPage] = mapping.protection;
    std::FILE* const maps = std::fopen("/proc/self/maps", "r");
    char line[512];
    while (std::fgets(line, sizeof line, maps) != nullptr) {
      std::uint64_t start, end;
      char rights[8];
      if (std::sscanf(line, "%lx-%lx %4s", &start, &end, rights) != 3) continue;
      for (std::uint64_t page = start; page < end; page += kPage)
        if (page >= kLinuxBase && page < kLinuxBase + kSize)
          there[(page - kLinuxBase) / kPage] = (rights[0] == 'r' ? PROT_READ : 0) | (rights[1] == 'w' ? PROT_WRITE : 0);
        else
          break;
    }
    std::fclose(maps);
    for (std::uint64_t page = 0; page < kPages; ++page)
      ASSERT_EQ(here[page], there[page]) << "page " << page << " after\n" << history_;
    for (std::uint64_t page = 0; page < kPages; ++page) {
      std::uint8_t mine[kPage], its[kPage];
      const bool my_bytes =
          with_faults(space_, [&] { std::memcpy(mine, at(base_ + page * kPage), kPage); }) == FaultResult::resolved;
      const iovec to{its, kPage}, from{at(kLinuxBase + page * kPage), kPage};
      const bool its_bytes = process_vm_readv(getpid(), &to, 1, &from, 1, 0) == static_cast<ssize_t>(kPage);
      ASSERT_EQ(my_bytes, its_bytes) << "page " << page << " after\n" << history_;
      ASSERT_TRUE(!my_bytes || std::memcmp(mine, its, kPage) == 0) << "page " << page << " after\n" << history_;
    }
    history_.clear();
  }

 private:
  std::uint64_t pick(std::uint64_t count) { return random_() % count; }
  int pick_protection() {
    constexpr int kChoices[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE};
    return kChoices[pick(4)];
  }
  Result<std::uint64_t> map(std::uint64_t offset, std::uint64_t size, int protection, int flags,
                            std::shared_ptr<MemoryFile> file, std::uint64_t position) {
    AddressSpace::MapRequest request;
    request.address = base_ + offset;
    request.size = size;
    request.protection = protection;
    request.flags = flags;
    request.file = std::move(file);
    request.offset = position;
    return space_.map(request);
  }
  void store(std::uint64_t offset) {
    const std::uint64_t where = offset + pick(kPage);
    std::uint8_t value = static_cast<std::uint8_t>(random_());
    const bool mine = with_faults(space_, [&] { *static_cast<volatile std::uint8_t*>(at(base_ + where)) = value; }) ==
                      FaultResult::resolved;
    const iovec from{&value, 1}, to{at(kLinuxBase + where), 1};
    ASSERT_EQ(mine, process_vm_writev(getpid(), &from, 1, &to, 1, 0) == 1) << "store to page " << offset / kPage;
  }

  Arena arena_;
  AddressSpace space_;
  const std::uint64_t base_;
  std::mt19937 random_;
  std::shared_ptr<MemoryFile> file_;
  int descriptor_;
  bool parted_ = false;
  std::string history_;  // since the last comparison
};

TEST(LikeLinux, RandomCalls) {
  unsigned steps = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Twins twins(seed);
    for (int i = 0; i < 600 && !twins.have_parted(); ++i, ++steps) {
      twins.step();
      if (i % 15 == 14 && !twins.have_parted()) twins.compare();
      if (::testing::Test::HasFatalFailure()) {
        ADD_FAILURE() << "seed " << seed << " step " << i;
        return;
      }
    }
  }
  EXPECT_GT(steps, 5000u);
}
}  // namespace
}  // namespace cloister::testing
