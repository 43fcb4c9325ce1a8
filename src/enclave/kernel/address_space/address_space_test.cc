// SPDX-License-Identifier: Apache-2.0
// The address space over ordinary memory: what programs can see, and how many host calls it takes.
#include "src/enclave/kernel/address_space.h"
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include "src/enclave/kernel/address_space/core_for_test.h"

namespace cloister::testing {
namespace {
constexpr std::uint64_t kPage = 4096;
constexpr int kRw = PROT_READ | PROT_WRITE;
constexpr int kAnonymous = MAP_PRIVATE | MAP_ANONYMOUS;

template <typename T>
int error_of(const Result<T>& result) {
  return result.ok() ? 0 : result.error().errno_value();
}

class AddressSpaceTest : public ::testing::Test {
 protected:
  AddressSpaceTest() : arena_(256ULL << 30), space_(arena_.options()) {
    host_calls() = {};
    printed().clear();
  }
  ~AddressSpaceTest() override { set_page_limit_for_test(~0ULL); }

  std::uint64_t map(std::uint64_t size, int protection = kRw, int flags = kAnonymous, std::uint64_t address = 0) {
    const auto result = space_.map(request(size, protection, flags, address));
    EXPECT_TRUE(result.ok()) << error_of(result);
    return result.ok() ? result.value() : 0;
  }
  int map_error(std::uint64_t size, int protection, int flags, std::uint64_t address = 0) {
    return error_of(space_.map(request(size, protection, flags, address)));
  }
  static AddressSpace::MapRequest request(std::uint64_t size, int protection, int flags, std::uint64_t address) {
    AddressSpace::MapRequest request;
    request.size = size;
    request.protection = protection;
    request.flags = flags;
    request.address = address;
    return request;
  }
  std::uint64_t map_file(const std::shared_ptr<MemoryFile>& file, std::uint64_t size, int protection,
                         int flags = MAP_PRIVATE, std::uint64_t offset = 0) {
    AddressSpace::MapRequest wanted = request(size, protection, flags, 0);
    wanted.file = file;
    wanted.offset = offset;
    wanted.file_writable = true;
    const auto result = space_.map(wanted);
    EXPECT_TRUE(result.ok()) << error_of(result);
    return result.ok() ? result.value() : 0;
  }
  static volatile std::uint8_t* at(std::uint64_t address) { return reinterpret_cast<volatile std::uint8_t*>(address); }
  FaultResult write(std::uint64_t address, std::uint8_t value) {
    return with_faults(space_, [=] { *at(address) = value; });
  }
  FaultResult read(std::uint64_t address, std::uint8_t* value) {
    return with_faults(space_, [=] { *value = *at(address); });
  }
  int byte(std::uint64_t address) {
    std::uint8_t value;
    return read(address, &value) == FaultResult::resolved ? value : -1;
  }
  void fill(std::uint64_t address, std::uint64_t size, std::uint8_t value) {
    EXPECT_EQ(with_faults(space_, [=] { std::memset(reinterpret_cast<void*>(address), value, size); }),
              FaultResult::resolved);
  }
  bool is_all(std::uint64_t address, std::uint64_t size, std::uint8_t value) {
    bool same = true;
    EXPECT_EQ(with_faults(space_,
                          [&] {
                            for (std::uint64_t i = 0; i < size; ++i) same &= *at(address + i) == value;
                          }),
              FaultResult::resolved);
    return same;
  }

  Arena arena_;
  AddressSpace space_;
};

std::shared_ptr<MemoryFile> numbered_file(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i / 7 + i / 4096);
  return std::make_shared<MemoryFile>(std::move(bytes));
}

TEST_F(AddressSpaceTest, AnonymousMemoryIsZeroAndKeepsWhatIsWritten) {
  const std::uint64_t p = map(3 * kPage);
  EXPECT_TRUE(is_all(p, 3 * kPage, 0));
  fill(p, 3 * kPage, 7);
  EXPECT_TRUE(space_.unmap(p + kPage, kPage).ok());
  EXPECT_EQ(byte(p), 7);
  EXPECT_EQ(byte(p + kPage), -1);
  EXPECT_EQ(byte(p + 2 * kPage), 7);
  EXPECT_EQ(map(kPage, kRw, kAnonymous | MAP_FIXED, p + kPage), p + kPage);
  EXPECT_EQ(byte(p + kPage), 0);
  EXPECT_EQ(map(kPage, kRw, kAnonymous | MAP_FIXED, p), p);  // replaces
  EXPECT_EQ(byte(p), 0);
  EXPECT_EQ(byte(p + 2 * kPage), 7);
}

TEST_F(AddressSpaceTest, ErrorsOfMmap) {
  const std::uint64_t p = map(kPage);
  EXPECT_EQ(map_error(kPage, PROT_READ, kAnonymous | MAP_FIXED_NOREPLACE, p), EEXIST);
  EXPECT_EQ(map_error(0, PROT_READ, kAnonymous), EINVAL);
  EXPECT_EQ(map_error(kPage, PROT_READ, MAP_ANONYMOUS), EINVAL);
  EXPECT_EQ(map_error(kPage, PROT_READ, kAnonymous | MAP_FIXED, p + 123), EINVAL);
  EXPECT_EQ(map_error(kPage, PROT_READ, kAnonymous | MAP_FIXED, arena_.base() - kPage), EPERM);
  EXPECT_EQ(map_error(2 * kPage, PROT_READ, kAnonymous | MAP_FIXED, arena_.base() + arena_.size() - kPage), ENOMEM);
  EXPECT_EQ(map_error(~0ULL, PROT_READ, kAnonymous), ENOMEM);
  EXPECT_EQ(map_error(1ULL << 50, PROT_NONE, kAnonymous | MAP_NORESERVE), ENOMEM);
  EXPECT_EQ(map_error(kPage, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS | 0x8000000), EOPNOTSUPP);
  EXPECT_EQ(error_of(space_.unmap(p + 1, kPage)), EINVAL);
  EXPECT_EQ(error_of(space_.unmap(p, 0)), EINVAL);
  EXPECT_TRUE(space_.unmap(p + (1 << 20), kPage).ok());  // nothing there: fine
}

TEST_F(AddressSpaceTest, HintsAreFollowedWhereFree) {
  const std::uint64_t hole = map(1 << 20, PROT_NONE);
  EXPECT_TRUE(space_.unmap(hole, 1 << 20).ok());
  EXPECT_EQ(map(kPage, kRw, kAnonymous, hole + 5 * kPage), hole + 5 * kPage);
  EXPECT_NE(map(kPage, kRw, kAnonymous, hole + 5 * kPage), hole + 5 * kPage);
  EXPECT_NE(map(kPage, kRw, kAnonymous, 5), 0u);
}

TEST_F(AddressSpaceTest, SmallMappingsComeWithOneHostCall) {
  const std::uint64_t p = map(16 * kPage);
  EXPECT_EQ(host_calls().all(), 1u);
  fill(p, 16 * kPage, 1);
  EXPECT_EQ(faults_taken(), 0u);
  EXPECT_TRUE(space_.unmap(p, 16 * kPage).ok());
  EXPECT_EQ(host_calls().all(), 2u);
}

TEST_F(AddressSpaceTest, SequencesTakeFewFaults) {
  const std::uint64_t size = 16 << 20, p = map(size);
  EXPECT_EQ(host_calls().all(), 0u);
  fill(p, size, 3);
  EXPECT_LE(faults_taken(), 16u);
  EXPECT_EQ(host_calls().augment, faults_taken());
  const std::uint64_t down = map(size);
  EXPECT_EQ(with_faults(space_,
                        [&] {
                          for (std::uint64_t i = size; i > 0; --i) *at(down + i - 1) = 1;
                        }),
            FaultResult::resolved);
  EXPECT_LE(faults_taken(), 16u);
}

TEST_F(AddressSpaceTest, HugeReservationsCostNothing) {
  const std::uint64_t huge = 64ULL << 30, p = map(huge, PROT_NONE, kAnonymous | MAP_NORESERVE);
  for (std::uint64_t i = 0; i < 64; ++i) {
    const std::uint64_t part = p + (i << 30) + 0x5000;
    EXPECT_TRUE(space_.protect(part, 2 * kPage, kRw).ok());
    EXPECT_EQ(byte(part), 0);
    EXPECT_EQ(write(part + 2 * kPage - 1, static_cast<std::uint8_t>(i)), FaultResult::resolved);
    EXPECT_EQ(byte(part + 2 * kPage), -1);
  }
  EXPECT_LE(pages_committed(), 64u * 2);
  EXPECT_TRUE(space_.unmap(p, huge).ok());
  EXPECT_EQ(pages_committed(), 0u);
  const std::uint64_t open = map(32ULL << 30, kRw, kAnonymous | MAP_NORESERVE);
  for (std::uint64_t i = 0; i < 32; ++i) EXPECT_EQ(byte(open + (i << 30)), 0);
  EXPECT_LE(pages_committed(), 32u * 16);
}

TEST_F(AddressSpaceTest, Protection) {
  const std::uint64_t p = map(4 * kPage);
  EXPECT_EQ(write(p, 3), FaultResult::resolved);
  EXPECT_TRUE(space_.protect(p, kPage, PROT_READ).ok());
  EXPECT_EQ(byte(p), 3);
  EXPECT_EQ(write(p, 1), FaultResult::not_permitted);
  EXPECT_TRUE(space_.protect(p, kPage, PROT_NONE).ok());
  EXPECT_EQ(byte(p), -1);
  EXPECT_TRUE(space_.protect(p, kPage, kRw).ok());
  EXPECT_EQ(byte(p), 3);
  EXPECT_TRUE(space_.unmap(p + kPage, kPage).ok());
  EXPECT_EQ(write(p + kPage, 1), FaultResult::no_mapping);
  EXPECT_EQ(error_of(space_.protect(p, 2 * kPage, PROT_READ)), ENOMEM);
  EXPECT_EQ(write(p, 1), FaultResult::not_permitted);  // what lies before the hole has changed
  EXPECT_EQ(error_of(space_.protect(p + 1, kPage, PROT_READ)), EINVAL);
  EXPECT_EQ(error_of(space_.protect(p, kPage, 0x100)), EINVAL);
  const std::uint64_t fresh = map(kPage, PROT_NONE);
  std::uint8_t value;
  EXPECT_EQ(read(fresh, &value), FaultResult::not_permitted);
  EXPECT_TRUE(space_.protect(fresh, kPage, PROT_READ).ok());
  EXPECT_EQ(byte(fresh), 0);
}

TEST_F(AddressSpaceTest, MappingsSplitAndJoin) {
  const std::uint64_t p = map(16 * kPage);
  fill(p, 16 * kPage, 9);
  const std::size_t before = space_.snapshot().size();
  for (std::uint64_t i = 0; i < 16; i += 2) EXPECT_TRUE(space_.protect(p + i * kPage, kPage, PROT_READ).ok());
  EXPECT_EQ(space_.snapshot().size(), before + 15);
  for (std::uint64_t i = 0; i < 16; ++i)
    EXPECT_EQ(write(p + i * kPage, 1), i % 2 != 0 ? FaultResult::resolved : FaultResult::not_permitted);
  EXPECT_TRUE(space_.protect(p, 16 * kPage, kRw).ok());
  EXPECT_EQ(space_.snapshot().size(), before);
  EXPECT_EQ(byte(p + 2), 9);
}

TEST_F(AddressSpaceTest, PrivateFilePages) {
  const auto file = numbered_file(40 * kPage + 3);
  const std::uint64_t p = map_file(file, 42 * kPage, kRw);
  EXPECT_EQ(file->reads, 0u);
  EXPECT_EQ(byte(p + 5), file->bytes[5]);
  EXPECT_EQ(file->bytes_read, 16u << 10);  // one chunk
  for (std::uint64_t i = 0; i < file->bytes.size(); i += 61) ASSERT_EQ(byte(p + i), file->bytes[i]);
  EXPECT_LE(file->reads, 6u);
  EXPECT_EQ(byte(p + 40 * kPage + 3), 0);
  EXPECT_EQ(byte(p + 41 * kPage - 1), 0);
  std::uint8_t value;
  EXPECT_EQ(read(p + 41 * kPage, &value), FaultResult::beyond_file);
  EXPECT_EQ(write(p + 9, 200), FaultResult::resolved);
  EXPECT_NE(file->bytes[9], 200);
  EXPECT_TRUE(space_.advise(p, 4 * kPage, MADV_DONTNEED).ok());
  EXPECT_EQ(byte(p + 9), file->bytes[9]);
  const std::uint64_t q = map_file(file, kPage, PROT_READ, MAP_PRIVATE, 3 * kPage);  // ends with the chunk
  EXPECT_EQ(byte(q + 8), file->bytes[3 * kPage + 8]);
  EXPECT_EQ(write(q, 1), FaultResult::not_permitted);
  const std::uint64_t r = map_file(file, 9 * kPage, PROT_READ, MAP_PRIVATE, 3 * kPage);  // across chunks, from behind
  for (std::uint64_t i = 9; i > 0; --i) EXPECT_EQ(byte(r + (i - 1) * kPage), file->bytes[(i + 2) * kPage]);
}

TEST_F(AddressSpaceTest, UnreadableFileIsABusError) {
  const auto file = numbered_file(4 * kPage);
  const std::uint64_t p = map_file(file, 4 * kPage, PROT_READ);
  file->broken = true;
  std::uint8_t value;
  EXPECT_EQ(read(p, &value), FaultResult::beyond_file);
  file->broken = false;
  EXPECT_EQ(byte(p), file->bytes[0]);
}

TEST_F(AddressSpaceTest, SharedFilesAreWrittenBack) {
  const auto file = numbered_file(2 * kPage + 100);
  AddressSpace::MapRequest wanted = request(3 * kPage, kRw, MAP_SHARED, 0);
  wanted.file = file;
  EXPECT_EQ(error_of(space_.map(wanted)), EACCES);
  wanted.file_writable = true;
  EXPECT_EQ(error_of(space_.map(wanted)), ENODEV);
  file->writable = true;
  const std::uint64_t p = map_file(file, 3 * kPage, kRw, MAP_SHARED);
  EXPECT_EQ(byte(p + kPage), file->bytes[kPage]);
  EXPECT_TRUE(space_.synchronise(p, 3 * kPage, MS_SYNC).ok());
  EXPECT_EQ(file->writes, 0u);  // nothing was changed
  EXPECT_EQ(write(p + 100, 200), FaultResult::resolved);
  EXPECT_EQ(write(p + 2 * kPage + 50, 201), FaultResult::resolved);
  EXPECT_EQ(write(p + 2 * kPage + 500, 202), FaultResult::resolved);  // behind the end: lost
  EXPECT_TRUE(space_.synchronise(p, 3 * kPage, MS_SYNC).ok());
  EXPECT_EQ(file->bytes[100], 200);
  EXPECT_EQ(file->bytes[2 * kPage + 50], 201);
  EXPECT_EQ(file->writes, 2u);
  EXPECT_EQ(write(p + 101, 203), FaultResult::resolved);
  EXPECT_TRUE(space_.protect(p, 3 * kPage, PROT_READ).ok());
  EXPECT_EQ(file->bytes[101], 203);
  EXPECT_TRUE(space_.protect(p, 3 * kPage, kRw).ok());
  EXPECT_EQ(write(p + 102, 204), FaultResult::resolved);
  EXPECT_TRUE(space_.advise(p, 3 * kPage, MADV_DONTNEED).ok());
  EXPECT_EQ(byte(p + 102), 204);
  EXPECT_TRUE(space_.unmap(p, kPage).ok());
  EXPECT_EQ(file->bytes[102], 204);
  EXPECT_EQ(error_of(space_.synchronise(p, 3 * kPage, MS_SYNC)), ENOMEM);
  EXPECT_EQ(write(p + kPage, 205), FaultResult::resolved);
  space_.write_back_all();
  EXPECT_EQ(file->bytes[kPage], 205);
}

// One page cannot be shown at two addresses: a second view is refused where one of both is written.
TEST_F(AddressSpaceTest, SharedViewsThatCouldDifferAreRefused) {
  const auto file = numbered_file(4 * kPage);
  file->writable = true;
  AddressSpace::MapRequest wanted = request(2 * kPage, kRw, MAP_SHARED, 0);
  wanted.file = file;
  wanted.file_writable = true;
  const std::uint64_t p = space_.map(wanted).value();
  EXPECT_EQ(error_of(space_.map(wanted)), ENODEV);
  wanted.protection = PROT_READ;
  EXPECT_EQ(error_of(space_.map(wanted)), ENODEV);
  wanted.offset = 2 * kPage;  // other bytes of the file
  const std::uint64_t q = space_.map(wanted).value();
  EXPECT_EQ(error_of(space_.remap(p, 2 * kPage, 4 * kPage, MREMAP_MAYMOVE, 0)), EINVAL);
  EXPECT_TRUE(space_.protect(q, 2 * kPage, kRw).ok());
  wanted.offset = 0;
  wanted.address = p;  // in its place
  wanted.flags |= MAP_FIXED;
  EXPECT_EQ(space_.map(wanted).value(), p);
  wanted.flags &= ~MAP_FIXED;
  wanted.address = 0;
  const std::uint64_t again = space_.map(wanted).value();  // two that are only read
  EXPECT_EQ(byte(again), byte(p));
  EXPECT_EQ(error_of(space_.protect(p, kPage, kRw)), EACCES);
  EXPECT_TRUE(space_.unmap(again, kPage).ok());
  EXPECT_TRUE(space_.protect(p, kPage, kRw).ok());
  EXPECT_EQ(error_of(space_.protect(p, 2 * kPage, kRw)), EACCES);
}

TEST_F(AddressSpaceTest, ReadOnlySharedFilesStayReadOnly) {
  const auto file = numbered_file(kPage);
  AddressSpace::MapRequest wanted = request(kPage, PROT_READ, MAP_SHARED, 0);
  wanted.file = file;
  const std::uint64_t p = space_.map(wanted).value();
  EXPECT_EQ(byte(p + 9), file->bytes[9]);
  EXPECT_EQ(error_of(space_.protect(p, kPage, kRw)), EACCES);
}

TEST_F(AddressSpaceTest, Madvise) {
  const std::uint64_t p = map(8 * kPage);
  fill(p, 8 * kPage, 1);
  EXPECT_TRUE(space_.advise(p + kPage, 2 * kPage, MADV_DONTNEED).ok());
  EXPECT_TRUE(is_all(p, kPage, 1));
  EXPECT_TRUE(is_all(p + kPage, 2 * kPage, 0));
  EXPECT_EQ(faults_taken(), 0u);
  EXPECT_TRUE(is_all(p + 3 * kPage, 5 * kPage, 1));
  EXPECT_TRUE(space_.protect(p, kPage, PROT_NONE).ok());  // as a thread's guard page
  EXPECT_TRUE(space_.advise(p, 8 * kPage, MADV_DONTNEED).ok());
  EXPECT_TRUE(is_all(p + kPage, 7 * kPage, 0));
  EXPECT_TRUE(space_.protect(p, kPage, PROT_READ).ok());
  EXPECT_TRUE(is_all(p, kPage, 0));
  fill(p + kPage, kPage, 2);
  for (int advice :
       {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_HUGEPAGE, MADV_DONTDUMP, MADV_FREE, MADV_COLD})
    EXPECT_TRUE(space_.advise(p + kPage, kPage, advice).ok()) << advice;
  EXPECT_EQ(byte(p + kPage), 2);
  EXPECT_EQ(error_of(space_.advise(p + 1, kPage, MADV_DONTNEED)), EINVAL);
  EXPECT_EQ(error_of(space_.advise(p, kPage, 9999)), EINVAL);
  EXPECT_TRUE(space_.unmap(p + 2 * kPage, kPage).ok());
  fill(p + 3 * kPage, kPage, 2);
  EXPECT_EQ(error_of(space_.advise(p, 8 * kPage, MADV_DONTNEED)), ENOMEM);
  EXPECT_EQ(byte(p + 3 * kPage), 0);  // what is mapped was done
  const std::uint64_t large = map(1 << 20);
  fill(large, 1 << 20, 3);
  const std::uint64_t pages = pages_committed();
  EXPECT_TRUE(space_.advise(large, 1 << 20, MADV_DONTNEED).ok());
  EXPECT_EQ(pages_committed(), pages - 256);
  EXPECT_EQ(byte(large), 0);
}

TEST_F(AddressSpaceTest, Mremap) {
  const std::uint64_t p = map(4 * kPage);
  for (std::uint64_t i = 0; i < 4; ++i)
    EXPECT_EQ(write(p + i * kPage, static_cast<std::uint8_t>(i + 1)), FaultResult::resolved);
  EXPECT_EQ(space_.remap(p, 4 * kPage, 2 * kPage, 0, 0).value(), p);
  EXPECT_EQ(byte(p + 2 * kPage), -1);
  const std::uint64_t two = map(2 * kPage);
  EXPECT_EQ(error_of(space_.remap(two, kPage, 3 * kPage, 0, 0)), ENOMEM);
  map(kPage, kRw, kAnonymous | MAP_FIXED, p + 2 * kPage);  // in the way
  const std::uint64_t q = space_.remap(p, 2 * kPage, 64 * kPage, MREMAP_MAYMOVE, 0).value();
  EXPECT_NE(q, p);
  EXPECT_EQ(byte(p), -1);
  EXPECT_EQ(byte(q), 1);
  EXPECT_EQ(byte(q + kPage), 2);
  EXPECT_EQ(byte(q + 63 * kPage), 0);
  EXPECT_EQ(space_.remap(q, 64 * kPage, 128 * kPage, MREMAP_MAYMOVE, 0).value(), q);  // room was left
  EXPECT_EQ(space_.remap(q, 128 * kPage, 64 * kPage, MREMAP_MAYMOVE, 0).value(), q);
  const std::uint64_t target = map(64 * kPage);
  EXPECT_EQ(write(target, 77), FaultResult::resolved);
  EXPECT_EQ(space_.remap(q, 64 * kPage, 64 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, target).value(), target);
  EXPECT_EQ(byte(target), 1);
  EXPECT_EQ(byte(target + kPage), 2);
  EXPECT_EQ(byte(target + 10 * kPage), 0);
  EXPECT_EQ(error_of(space_.remap(target + 1, kPage, 2 * kPage, MREMAP_MAYMOVE, 0)), EINVAL);
  EXPECT_EQ(error_of(space_.remap(target, kPage, 0, MREMAP_MAYMOVE, 0)), EINVAL);
  EXPECT_EQ(error_of(space_.remap(q, kPage, 2 * kPage, MREMAP_MAYMOVE, 0)), EFAULT);
  EXPECT_EQ(error_of(space_.remap(target, kPage, kPage, MREMAP_FIXED, q)), EINVAL);
  EXPECT_EQ(error_of(space_.remap(target, kPage, (1ULL << 63) + 8 * kPage, MREMAP_MAYMOVE, 0)), ENOMEM);
  EXPECT_EQ(error_of(space_.remap(target, 64 * kPage, 64 * kPage, MREMAP_MAYMOVE | 4, 0)), EINVAL);
}

TEST_F(AddressSpaceTest, MremapWhenFull) {
  const std::uint64_t p = map(1 << 20);
  fill(p, 1 << 20, 5);
  set_page_limit_for_test(pages_committed());
  map(kPage, PROT_NONE, kAnonymous | MAP_FIXED, p + (1 << 20));
  const std::uint64_t q = space_.remap(p, 1 << 20, 2 << 20, MREMAP_MAYMOVE, 0).value();
  EXPECT_TRUE(is_all(q, 1 << 20, 5));
  EXPECT_EQ(write(q + (1 << 20), 1), FaultResult::out_of_memory);
}

TEST_F(AddressSpaceTest, Brk) {
  EXPECT_EQ(space_.set_brk(0), 0u);
  const std::uint64_t start = arena_.base() + (1 << 30);
  space_.start_brk(start);
  EXPECT_EQ(space_.set_brk(0), start);
  EXPECT_EQ(space_.set_brk(start + 0x100000), start + 0x100000);
  fill(start, 0x100000, 5);
  EXPECT_EQ(space_.set_brk(start + 0x1000), start + 0x1000);
  EXPECT_EQ(space_.set_brk(start + 0x200000), start + 0x200000);
  EXPECT_EQ(byte(start), 5);
  EXPECT_TRUE(is_all(start + 0x1000, 0x1ff000, 0));
  EXPECT_EQ(space_.set_brk(start + 0x200123), start + 0x200123);
  EXPECT_EQ(write(start + 0x200122, 1), FaultResult::resolved);
  for (std::uint64_t refused : {std::uint64_t{0x8000}, std::uint64_t{0x7000000000000000}, ~std::uint64_t{0}})
    EXPECT_EQ(space_.set_brk(refused), start + 0x200123);
  map(kPage, PROT_READ, kAnonymous | MAP_FIXED, start + 0x300000);
  EXPECT_EQ(space_.set_brk(start + 0x300000), start + 0x200123);  // a page must stay free
  EXPECT_EQ(space_.set_brk(start + 0x2ff000), start + 0x2ff000);
  unsigned heaps = 0;
  for (const auto& mapping : space_.snapshot()) heaps += mapping.name == "[heap]";
  EXPECT_EQ(heaps, 1u);
}

TEST_F(AddressSpaceTest, TheStackGrowsToItsLimit) {
  const std::uint64_t low = map(128 << 10, kRw, kAnonymous | MAP_GROWSDOWN | MAP_STACK);
  const std::uint64_t top = low + (128 << 10);
  EXPECT_EQ(write(low - 1, 1), FaultResult::resolved);
  EXPECT_EQ(write(top - (5 << 20), 2), FaultResult::resolved);
  EXPECT_EQ(byte(top - (5 << 20)), 2);
  EXPECT_EQ(write(top - (8 << 20), 3), FaultResult::resolved);
  EXPECT_EQ(write(top - (8 << 20) - 1, 3), FaultResult::no_mapping);
  AddressSpace::Limits limits;
  limits.stack = 16 << 20;
  space_.set_limits(limits);
  EXPECT_EQ(write(top - (9 << 20), 3), FaultResult::resolved);
  // Nothing else is placed in its way.
  for (int i = 0; i < 50; ++i) EXPECT_LT(map(1 << 20) + (1 << 20), top - (16 << 20));
}

TEST_F(AddressSpaceTest, StacksKeepAwayFromWhatLiesBelow) {
  const std::uint64_t below = map(64 * kPage, kRw, kAnonymous | MAP_FIXED, arena_.base() + (1 << 30));
  const std::uint64_t stack = below + 64 * kPage + (2 << 20);
  map(kPage, kRw, kAnonymous | MAP_GROWSDOWN | MAP_FIXED, stack);
  EXPECT_EQ(write(stack - (1 << 20) + kPage, 1), FaultResult::resolved);
  EXPECT_EQ(write(below + 64 * kPage + (1 << 20) - 1, 1), FaultResult::no_mapping);
  EXPECT_EQ(byte(below), 0);
}

TEST_F(AddressSpaceTest, LimitsOfMemory) {
  AddressSpace::Options options = arena_.options();
  options.memory_size = 1 << 30;
  AddressSpace small(options);
  EXPECT_EQ(error_of(small.map(request(2ULL << 30, kRw, kAnonymous, 0))), ENOMEM);
  EXPECT_TRUE(small.map(request(2ULL << 30, PROT_NONE, kAnonymous, 0)).ok());
  EXPECT_TRUE(small.map(request(2ULL << 30, kRw, kAnonymous | MAP_NORESERVE, 0)).ok());
  AddressSpace::Limits limits;
  limits.address_space = 5ULL << 30;
  small.set_limits(limits);
  EXPECT_EQ(error_of(small.map(request(2ULL << 30, PROT_NONE, kAnonymous, 0))), ENOMEM);
  EXPECT_TRUE(small.map(request(1ULL << 30, PROT_NONE, kAnonymous, 0)).ok());
  // A full enclave: the window shrinks to the page, then there is nothing.
  const std::uint64_t p = map(1 << 20);
  set_page_limit_for_test(pages_committed() + 1);
  EXPECT_EQ(write(p, 1), FaultResult::resolved);
  EXPECT_EQ(write(p + kPage, 1), FaultResult::out_of_memory);
}

TEST_F(AddressSpaceTest, ResidencyAndUsage) {
  const std::uint64_t p = map(1 << 20);
  EXPECT_EQ(write(p, 1), FaultResult::resolved);
  const auto pages = space_.residency(p, 1 << 20);
  ASSERT_TRUE(pages.ok());
  EXPECT_EQ(pages.value().size(), 256u);
  EXPECT_EQ(pages.value()[0], 1);
  EXPECT_EQ(pages.value()[255], 0);
  EXPECT_EQ(error_of(space_.residency(p, (1 << 20) + 1)), ENOMEM);
  EXPECT_EQ(error_of(space_.residency(p + 1, 1)), EINVAL);
  EXPECT_EQ(space_.usage().mapped_bytes, 1u << 20);
  EXPECT_EQ(space_.usage().committed_bytes, pages_committed() * kPage);
  EXPECT_TRUE(space_.is_mapped(p, 1 << 20));
  EXPECT_FALSE(space_.is_mapped(p - 1, 2));
}

TEST_F(AddressSpaceTest, PopulateBringsAllIn) {
  const std::uint64_t p = map(1 << 20, kRw, kAnonymous | MAP_POPULATE);
  fill(p, 1 << 20, 1);
  EXPECT_EQ(faults_taken(), 0u);
}

TEST_F(AddressSpaceTest, ClearLeavesNothing) {
  const std::uint64_t p = map(1 << 20);
  fill(p, 1 << 20, 1);
  space_.start_brk(arena_.base() + (1 << 20));
  space_.set_brk(arena_.base() + (2 << 20));
  space_.clear();
  EXPECT_EQ(pages_committed(), 0u);
  EXPECT_TRUE(space_.snapshot().empty());
  EXPECT_EQ(space_.set_brk(0), 0u);
}

TEST_F(AddressSpaceTest, SeveralThreadsFaultAtOnce) {
  const auto file = numbered_file(400 * kPage);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t shared = map_file(file, 400 * kPage, kRw), zero = map(4 << 20);
    std::atomic<unsigned> wrong{0};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        const FaultResult result = with_faults(space_, [&] {
          for (std::uint64_t i = 0; i < 400; ++i) {
            const std::uint64_t page = (i * 7 + t * 100) % 400;
            wrong += *at(shared + page * kPage + t) != file->bytes[page * kPage + t];
            auto* counter = reinterpret_cast<std::atomic<std::uint32_t>*>(zero + page * 2 * kPage);
            counter->fetch_add(1);
          }
        });
        wrong += result != FaultResult::resolved;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0u);
    for (std::uint64_t page = 0; page < 400; ++page) ASSERT_EQ(byte(zero + page * 2 * kPage), 4);
    EXPECT_TRUE(space_.unmap(shared, 400 * kPage).ok());
    EXPECT_TRUE(space_.unmap(zero, 4 << 20).ok());
  }
}

TEST(AddressSpaces, TwoDoNotMeet) {
  Arena first_arena(1ULL << 30), second_arena(1ULL << 30);
  AddressSpace first(first_arena.options());
  {
    AddressSpace second(second_arena.options());
    AddressSpace::MapRequest request;
    request.size = 1 << 20;
    request.protection = kRw;
    request.flags = kAnonymous;
    const std::uint64_t p = first.map(request).value(), q = second.map(request).value();
    EXPECT_EQ(with_faults(first, [=] { *reinterpret_cast<volatile char*>(p) = 1; }), FaultResult::resolved);
    EXPECT_EQ(with_faults(second, [=] { *reinterpret_cast<volatile char*>(q) = 1; }), FaultResult::resolved);
    EXPECT_EQ(first.resolve_fault(q, core::Access::read), FaultResult::no_mapping);
  }
  EXPECT_EQ(pages_committed() * kPage, first.usage().committed_bytes);
}

TEST(AddressSpaces, LowAddressesOnRequest) {
  Arena arena((2ULL << 30) - 0x10000, 0x10000);
  if (!arena.is_valid()) GTEST_SKIP() << "low addresses are in use here";
  AddressSpace space(arena.options());
  AddressSpace::MapRequest request;
  request.size = 1 << 20;
  request.protection = kRw;
  request.flags = kAnonymous | MAP_32BIT;
  const std::uint64_t p = space.map(request).value();
  EXPECT_GE(p, 1u << 30);
  EXPECT_LE(p + (1 << 20), 1u << 31);
}
}  // namespace
}  // namespace cloister::testing
