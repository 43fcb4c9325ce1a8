// SPDX-License-Identifier: Apache-2.0
#include "tests/adversary/processor_state.h"
#include <cpuid.h>
#include <algorithm>

namespace cloister::adversary {
namespace {
constexpr std::uint64_t kX87 = 1, kSse = 2;

struct Component {
  const char* name;
  unsigned bit;
  std::size_t offset, size;
};

std::vector<Component> vector_components() {
  std::vector<Component> found = {{"xmm", 1, 160, 256}};
  struct Wanted {
    const char* name;
    unsigned bit;
  };
  std::uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  for (const Wanted wanted : {Wanted{"ymm", 2}, Wanted{"k", 5}, Wanted{"zmm", 6}, Wanted{"zmm16-31", 7}}) {
    if ((low >> wanted.bit & 1) == 0) continue;
    std::uint32_t size, offset, c, d;
    __cpuid_count(0xd, wanted.bit, size, offset, c, d);
    found.push_back({wanted.name, wanted.bit, offset, size});
  }
  return found;
}
const std::vector<Component> kVectors = vector_components();

void append(std::string* text, const char* word) {
  if (!text->empty()) *text += ' ';
  *text += word;
}
}  // namespace

bool ExtendedState::x87_is_initial() const {
  const bool rest = std::all_of(bytes.begin() + 2, bytes.begin() + 24, [](std::uint8_t byte) { return byte == 0; });
  const bool data = std::all_of(bytes.begin() + 32, bytes.begin() + 160, [](std::uint8_t byte) { return byte == 0; });
  return control_word() == 0x37f && rest && data;
}

std::string ExtendedState::x87_difference(const ExtendedState& other) const {
  std::string text;
  if (control_word() != other.control_word()) append(&text, "FCW");
  if (status_word() != other.status_word()) append(&text, "FSW");
  if (tags() != other.tags()) append(&text, "FTW");
  const unsigned top = status_word() >> 11 & 7;
  for (unsigned i = 0; i < 8; ++i)  // the image has ST(i), the tags are of physical registers
    if ((tags() >> ((top + i) & 7) & 1) != 0 &&
        !std::equal(bytes.begin() + 32 + 16 * i, bytes.begin() + 42 + 16 * i, other.bytes.begin() + 32 + 16 * i))
      append(&text, "ST");
  return text;
}

std::string ExtendedState::vectors_that_are_set() const {
  std::string text;
  for (const Component& c : kVectors)
    if (std::any_of(bytes.begin() + static_cast<long>(c.offset), bytes.begin() + static_cast<long>(c.offset + c.size),
                    [](std::uint8_t byte) { return byte != 0; }))
      append(&text, c.name);
  return text;
}

std::string ExtendedState::vectors_that_differ(const ExtendedState& other) const {
  std::string text;
  for (const Component& c : kVectors)
    if (!std::equal(bytes.begin() + static_cast<long>(c.offset), bytes.begin() + static_cast<long>(c.offset + c.size),
                    other.bytes.begin() + static_cast<long>(c.offset)))
      append(&text, c.name);
  return text;
}

void ExtendedState::poison_x87() {
  put<std::uint16_t>(0, 0x0c40);  // single precision, towards zero, every exception unmasked
  put<std::uint16_t>(2, 0x28bf);  // every exception pending
  bytes[4] = 0xff;                // every register in use: MMX state counts
  std::fill(bytes.begin() + 6, bytes.begin() + 24, 0x5a);
  for (unsigned i = 0; i < 8; ++i)
    std::fill_n(bytes.begin() + 32 + 16 * i, 10, static_cast<std::uint8_t>(0x11 * i + 7));
  put<std::uint64_t>(512, components() | kX87);
}

void ExtendedState::poison_vectors(std::uint8_t seed) {
  std::uint64_t present = components() | kSse;
  for (const Component& c : kVectors) {
    for (std::size_t i = 0; i < c.size; ++i) bytes[c.offset + i] = static_cast<std::uint8_t>(seed + i * 7) | 1;
    present |= 1ULL << c.bit;
  }
  put(512, present);
}

void ExtendedState::make_initial(std::uint32_t mxcsr) {
  put<std::uint64_t>(512, 0);
  load_image(std::vector<std::uint8_t>(bytes));
  put<std::uint64_t>(512, kX87 | kSse);
  set_mxcsr(mxcsr);
}

void ExtendedState::load_image(const std::vector<std::uint8_t>& image) {
  bytes.assign(image.begin(), image.end());
  const std::uint64_t present = components();
  if ((present & kX87) == 0) {
    std::fill(bytes.begin(), bytes.begin() + 24, 0);
    std::fill(bytes.begin() + 32, bytes.begin() + 160, 0);
    put<std::uint16_t>(0, 0x37f);
  }
  for (const Component& c : kVectors)
    if ((present >> c.bit & 1) == 0) std::fill_n(bytes.begin() + static_cast<long>(c.offset), c.size, 0);
}
}  // namespace cloister::adversary
