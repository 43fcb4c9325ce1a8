// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/sgxs.h"
#include <gtest/gtest.h>
#include <cstring>
#include <vector>
#include "src/base/hex.h"
#include "src/sgx/sgxs_writer.h"

namespace cloister::sgx {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::array<std::uint8_t, kPageSize> page_of(std::uint8_t seed) {
  std::array<std::uint8_t, kPageSize> page;
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = static_cast<std::uint8_t>(seed + i / 256 * 3 + i);
  return page;
}

constexpr std::size_t kHeader = 64;
constexpr std::size_t kChunkRecord = 64 + 256;

// ECREATE and two measured pages.
Bytes stream() {
  Bytes out;
  SgxsWriter writer(out, 1, 0x10000);
  EXPECT_TRUE(writer.add_page(0x1000, kSecinfoRegRx, page_of(1)).ok());
  EXPECT_TRUE(writer.add_page(0x4000, kSecinfoTcs, page_of(2)).ok());
  return out;
}

// Nothing, or why the stream is refused: record by record, then page by page.
std::string refusal(const Bytes& bytes) {
  const auto digest = measure_sgxs(bytes);
  if (!digest.ok()) return digest.error().what();
  auto pages = SgxsPages::open(bytes);
  if (!pages.ok()) return pages.error().what();
  for (;;) {
    const auto page = pages.value().next();
    if (!page.ok()) return page.error().what();
    if (!page.value()) return "";
  }
}

std::string refusal_with(std::size_t at, std::uint8_t byte) {
  Bytes bytes = stream();
  bytes.at(at) = byte;
  return refusal(bytes);
}

}  // namespace

TEST(Sgxs, FileHashIsMrenclave) {
  Bytes out;
  SgxsWriter writer(out, 1, 0x10000);
  ASSERT_TRUE(writer.add_page(0x1000, kSecinfoRegRx, page_of(1)).ok());
  ASSERT_TRUE(writer.add_page(0x4000, kSecinfoTcs, page_of(2)).ok());
  EXPECT_EQ(measure_sgxs(out).value(), sha256(out));
  EXPECT_EQ(measure_sgxs(out).value(), writer.measurement().finish());
}

TEST(Sgxs, PagesComeBack) {
  const Bytes bytes = stream();
  SgxsPages pages = SgxsPages::open(bytes).take();
  EXPECT_EQ(pages.ssa_frame_size_pages(), 1u);
  EXPECT_EQ(pages.enclave_size_bytes(), 0x10000u);
  std::array<std::uint8_t, kPageSize> page;
  const SgxsPage first = *pages.next().value();
  first.copy_to(page);
  EXPECT_EQ(first.offset, 0x1000u);
  EXPECT_EQ(first.secinfo_flags, kSecinfoRegRx);
  EXPECT_EQ(first.measured, 0xffff);
  EXPECT_EQ(page, page_of(1));
  const SgxsPage second = *pages.next().value();
  second.copy_to(page);
  EXPECT_EQ(second.offset, 0x4000u);
  EXPECT_EQ(second.secinfo_flags, kSecinfoTcs);
  EXPECT_EQ(page, page_of(2));
  EXPECT_FALSE(pages.next().value());
  EXPECT_FALSE(pages.next().value());
}

TEST(Sgxs, UnmeasuredDataDoNotCount) {
  const auto measured = [](std::uint8_t seed) {
    Bytes out;
    SgxsWriter writer(out, 1, 0x10000);
    EXPECT_TRUE(writer.add_unmeasured_page(0x2000, kSecinfoRegRw, page_of(seed)).ok());
    EXPECT_EQ(measure_sgxs(out).value(), writer.measurement().finish());
    SgxsPages pages = SgxsPages::open(out).take();
    EXPECT_EQ(pages.next().value()->measured, 0);
    return measure_sgxs(out).value();
  };
  EXPECT_EQ(measured(1), measured(2));
  Measurement only_added(1, 0x10000);
  only_added.eadd(0x2000, kSecinfoRegRw);
  EXPECT_EQ(measured(1), only_added.finish());
}

TEST(Sgxs, ChunksMayBeMissingOrOutOfOrder) {
  Bytes bytes = stream();
  const auto first_chunk = bytes.begin() + 2 * kHeader;
  std::swap_ranges(first_chunk, first_chunk + kChunkRecord, first_chunk + kChunkRecord);
  bytes.erase(bytes.end() - kChunkRecord, bytes.end());
  EXPECT_EQ(refusal(bytes), "");
  EXPECT_EQ(measure_sgxs(bytes).value(), sha256(bytes));
  SgxsPages pages = SgxsPages::open(bytes).take();
  const SgxsPage first = *pages.next().value();
  EXPECT_EQ(first.order[0], 1);
  EXPECT_EQ(first.order[1], 0);
  std::array<std::uint8_t, kPageSize> page, expected = page_of(2);
  first.copy_to(page);
  EXPECT_EQ(page, page_of(1));
  const SgxsPage second = *pages.next().value();
  EXPECT_EQ(second.measured, 0x7fff);
  second.copy_to(page);
  std::fill(expected.end() - kExtendSize, expected.end(), 0);
  EXPECT_EQ(page, expected);
}

TEST(Sgxs, EveryShorterFileIsRefusedOrEndsAtARecord) {
  const Bytes bytes = stream();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const std::size_t in_page = size < kHeader ? 1 : (size - kHeader) % (kHeader + 16 * kChunkRecord);
    const bool at_record = size >= kHeader && (in_page == 0 || (in_page - kHeader) % kChunkRecord == 0);
    ASSERT_EQ(refusal(part).empty(), at_record) << size;
  }
}

TEST(Sgxs, RefusesBadEcreate) {
  EXPECT_EQ(refusal(stream()), "");
  EXPECT_NE(refusal_with(0, 'F'), "");
  EXPECT_NE(refusal_with(8, 0), "");   // SSAFRAMESIZE 0
  EXPECT_NE(refusal_with(12, 1), "");  // size 0x10001
  EXPECT_NE(refusal_with(14, 0), "");  // size 0
  EXPECT_NE(refusal_with(20, 1), "");  // reserved
  EXPECT_NE(refusal_with(63, 1), "");
  Bytes bytes = stream();
  std::memcpy(bytes.data(), "UNSIZED", 8);
  EXPECT_EQ(measure_sgxs(bytes).error().code(), Errc::unsupported);
  bytes = stream();
  std::memcpy(bytes.data() + kHeader, bytes.data(), kHeader);  // a second one
  EXPECT_NE(refusal(bytes), "");
}

TEST(Sgxs, RefusesBadEadd) {
  EXPECT_NE(refusal_with(kHeader, 'F'), "");
  EXPECT_NE(refusal_with(kHeader + 8, 1), "");   // no page's beginning
  EXPECT_NE(refusal_with(kHeader + 10, 1), "");  // outside the enclave
  EXPECT_NE(refusal_with(kHeader + 15, 0x80), "");
  EXPECT_NE(refusal_with(kHeader + 16, kSecinfoW), "");
  EXPECT_NE(refusal_with(kHeader + 16, kSecinfoR | kSecinfoPending), "");
  EXPECT_NE(refusal_with(kHeader + 16, kSecinfoR | 0x40), "");
  EXPECT_NE(refusal_with(kHeader + 17, 0), "");  // PT_SECS
  EXPECT_NE(refusal_with(kHeader + 17, 1), "");  // a TCS with permissions
  EXPECT_NE(refusal_with(kHeader + 17, 3), "");  // PT_VA
  EXPECT_NE(refusal_with(kHeader + 17, 7), "");
  EXPECT_NE(refusal_with(kHeader + 24, 1), "");
  EXPECT_NE(refusal_with(kHeader + 63, 1), "");
}

TEST(Sgxs, RefusesBadEextend) {
  constexpr std::size_t kAt = 2 * kHeader;
  EXPECT_NE(refusal_with(kAt, 'F'), "");
  EXPECT_NE(refusal_with(kAt + 8, 1), "");
  EXPECT_NE(refusal_with(kAt + 16, 1), "");
  EXPECT_NE(refusal_with(kAt + 63, 1), "");
}

// Measurable, since a processor would do it, but nothing that can be loaded page by page.
TEST(Sgxs, MeasuresButDoesNotLoadWhatIsNotCanonical) {
  const auto only_pages_refuse = [](const Bytes& bytes) {
    const auto digest = measure_sgxs(bytes);
    return digest.ok() && digest.value() == sha256(bytes) && !refusal(bytes).empty();
  };
  Bytes bytes = stream();
  bytes[2 * kHeader + 9] = 0x11;  // the first chunk comes twice
  EXPECT_TRUE(only_pages_refuse(bytes));
  bytes[2 * kHeader + 9] = 0x20;  // of another page
  EXPECT_TRUE(only_pages_refuse(bytes));
  bytes = stream();
  bytes.erase(bytes.begin() + kHeader, bytes.begin() + 2 * kHeader);  // without its page
  EXPECT_TRUE(only_pages_refuse(bytes));
  bytes = stream();
  const std::size_t second = kHeader + kHeader + 16 * kChunkRecord;
  bytes.resize(second + kHeader);
  bytes[second + 9] = 0x10;  // the same page again
  EXPECT_TRUE(only_pages_refuse(bytes));
}

TEST(SgxsWriter, RefusesPagesThatDoNotAscend) {
  Bytes out;
  SgxsWriter writer(out, 1, 0x10000);
  const auto page = page_of(0);
  ASSERT_TRUE(writer.add_page(0x2000, kSecinfoRegR, page).ok());
  const std::size_t size = out.size();
  for (const std::uint64_t offset : {0x2000ull, 0x1000ull, 0x3001ull, 0x10000ull, ~0xfffull}) {
    EXPECT_FALSE(writer.add_page(offset, kSecinfoRegR, page).ok()) << offset;
    EXPECT_FALSE(writer.add_unmeasured_page(offset, kSecinfoRegR, page).ok()) << offset;
  }
  EXPECT_EQ(out.size(), size);
  EXPECT_TRUE(writer.add_page(0xf000, kSecinfoRegR, page).ok());
}

}  // namespace cloister::sgx
