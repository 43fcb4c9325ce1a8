// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/measurement.h"
#include <gtest/gtest.h>
#include <vector>
#include "src/base/hex.h"

namespace cloister::sgx {
namespace {

std::array<std::uint8_t, kPageSize> page_of(std::uint8_t seed) {
  std::array<std::uint8_t, kPageSize> page;
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = static_cast<std::uint8_t>(seed + i * 7);
  return page;
}

void put64(std::vector<std::uint8_t>& out, std::uint64_t value, std::size_t size = 8) {
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

}  // namespace

// The records written out by hand from the SDM, so that a mistake in the structures cannot hide behind itself.
TEST(Measurement, IsTheHashOfTheRecords) {
  std::vector<std::uint8_t> bytes{'E', 'C', 'R', 'E', 'A', 'T', 'E', 0};
  put64(bytes, 1, 4);
  put64(bytes, 0x4000);
  bytes.resize(64);
  for (const char c : {'E', 'A', 'D', 'D', '\0', '\0', '\0', '\0'}) bytes.push_back(static_cast<std::uint8_t>(c));
  put64(bytes, 0x2000);
  put64(bytes, 0x205);
  bytes.resize(128);
  const auto page = page_of(3);
  for (std::size_t i = 0; i < 16; ++i) {
    for (const char c : {'E', 'E', 'X', 'T', 'E', 'N', 'D', '\0'}) bytes.push_back(static_cast<std::uint8_t>(c));
    put64(bytes, 0x2000 + 256 * i);
    bytes.resize(bytes.size() + 48);
    bytes.insert(bytes.end(), page.begin() + 256 * i, page.begin() + 256 * (i + 1));
  }
  Measurement measurement(1, 0x4000);
  measurement.add_page(0x2000, kSecinfoRegRx, page);
  EXPECT_EQ(to_hex(measurement.finish()), to_hex(sha256(bytes)));
}

TEST(Measurement, AddPageIsEaddAndSixteenEextends) {
  const auto page = page_of(9);
  Measurement whole(2, 1ull << 40), parts(2, 1ull << 40);
  whole.add_page(0x7000, kSecinfoRegRw, page);
  parts.eadd(0x7000, kSecinfoRegRw);
  for (std::size_t i = 0; i < kExtendsPerPage; ++i) {
    parts.eextend(0x7000 + i * kExtendSize, std::span(page).subspan(i * kExtendSize).first<kExtendSize>());
  }
  EXPECT_EQ(whole.finish(), parts.finish());
}

TEST(Measurement, ContinuesAfterFinishAndFromItsState) {
  Measurement measurement(1, 1ull << 40);
  measurement.add_page(0, kSecinfoRegRx, page_of(1));
  const Digest first = measurement.finish();
  Measurement continued(measurement.export_state());
  EXPECT_EQ(continued.finish(), first);
  EXPECT_EQ(continued.export_state(), measurement.export_state());
  measurement.add_page(0x1000, kSecinfoTcs, page_of(2));
  continued.add_page(0x1000, kSecinfoTcs, page_of(2));
  EXPECT_EQ(continued.finish(), measurement.finish());
  EXPECT_NE(measurement.finish(), first);
}

TEST(Measurement, StateCountsBytesBeyondFourGigabits) {
  MeasurementState state = Measurement(1, 0x2000).export_state();
  EXPECT_EQ(state.size, 64u);
  state.size = 0x3'4567'8900;
  Measurement continued(state);
  continued.eadd(0, 0);
  EXPECT_EQ(continued.export_state().size, state.size + 64);
}

TEST(Measurement, EveryInputCounts) {
  const auto page = page_of(0);
  const auto measure = [&](std::uint32_t frame, std::uint64_t size, std::uint64_t offset, std::uint64_t flags) {
    Measurement measurement(frame, size);
    measurement.add_page(offset, flags, page);
    return measurement.finish();
  };
  const Digest base = measure(1, 0x4000, 0x1000, kSecinfoRegR);
  EXPECT_NE(measure(2, 0x4000, 0x1000, kSecinfoRegR), base);
  EXPECT_NE(measure(1, 0x8000, 0x1000, kSecinfoRegR), base);
  EXPECT_NE(measure(1, 0x4000, 0x2000, kSecinfoRegR), base);
  EXPECT_NE(measure(1, 0x4000, 0x1000, kSecinfoRegRw), base);
}

}  // namespace cloister::sgx
