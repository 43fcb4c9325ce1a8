// SPDX-License-Identifier: Apache-2.0
#include "fuzz/boundary/streams.h"
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string_view>

namespace cloister::fuzz {
namespace {
constexpr std::size_t kPeriod = 4093;
constexpr std::uint64_t kFirstFile = 1000, kFiles = 1009;
bool are_bytes_doubted = false, are_files_doubted = false;

void require_same(const void* bytes, const std::uint8_t* expected, std::size_t size, const char* what) {
  if (std::memcmp(bytes, expected, size) == 0) return;
  std::fprintf(stderr, "%s: other bytes than there should be, of %zu\n", what, size);
  std::abort();
}
}  // namespace

const std::uint8_t* pattern(std::uint64_t serial, std::uint64_t offset, std::size_t size) {
  static const auto* const bytes = [] {
    auto* const made = new std::array<std::uint8_t, kPeriod + kMostAtOnce>;
    std::minstd_rand source;
    for (std::size_t i = 0; i < made->size(); ++i)
      (*made)[i] = i < kPeriod ? static_cast<std::uint8_t>(source() >> 8) : (*made)[i - kPeriod];
    return made;
  }();
  if (size > kMostAtOnce) std::abort();
  return bytes->data() + (serial % kPeriod * 1237 + offset) % kPeriod;
}

std::uint64_t serial_of_file(const char* path) { return kFirstFile + std::hash<std::string_view>{}(path) % kFiles; }

void doubt_all_bytes(bool doubted) {
  are_bytes_doubted = doubted;
  if (!doubted) are_files_doubted = false;
}
void check_file_bytes(const char* path, std::uint64_t offset, const void* bytes, std::int64_t result) {
  if (result <= 0 || are_bytes_doubted || are_files_doubted) return;
  const auto size = static_cast<std::size_t>(result);
  require_same(bytes, pattern(serial_of_file(path), offset, size), size, "read from a file");
}
void doubt_files() { are_files_doubted = true; }

void Stream::give(void* to, std::size_t size, bool takes_away) {
  std::memcpy(to, pattern(2 * serial_, given_, size), size);
  if (takes_away) given_ += size;
}

void Stream::check_sent(const void* bytes, std::size_t size) const {
  if (serial_ == 0 || has_ended_ || are_bytes_doubted) return;
  const auto* at = static_cast<const std::uint8_t*>(bytes);
  for (std::uint64_t place = taken_; size > 0;) {
    const auto next = std::find_if(origins_.begin(), origins_.end(), [&](const Origin& o) { return o.begin > place; });
    const std::size_t part = next == origins_.end() ? size : std::min<std::size_t>(size, next->begin - place);
    const Origin own{0, 2 * serial_ + 1, 0}, from = next == origins_.begin() ? own : next[-1];
    const bool is_known = from.serial != 0 && !(are_files_doubted && from.serial >= kFirstFile);
    if (is_known) require_same(at, pattern(from.serial, place - from.begin + from.offset, part), part, "sent");
    at += part;
    place += part;
    size -= part;
  }
}

void Stream::note_taken(std::int64_t result) {
  if (result > 0)
    taken_ += static_cast<std::uint64_t>(result);
  else if (result != 0 && result != -EAGAIN && result != -EINTR && result != -ENOMEM && result != -ENOBUFS)
    has_ended_ = true;
}

void Stream::note_connected() {
  if (given_ == 0 && told_ == 0 && taken_ == 0) return;
  is_doubtful_ = has_ended_ = true;  // another connection than before
}

void Stream::check_closed() const {
  if (serial_ == 0 || has_ended_ || are_bytes_doubted || taken_ == told_) return;
  std::fprintf(stderr, "a connection is closed, %lu bytes of %lu have gone out\n", taken_, told_);
  std::abort();
}

void Stream::fill_next(void* to, std::size_t size) const {
  std::memcpy(to, pattern(2 * serial_ + 1, told_, size), size);
}

void Stream::send_file(std::uint64_t file_serial, std::uint64_t offset) {
  if (serial_ != 0) origins_.push_back({told_, file_serial, offset});
}

void Stream::sent_file(std::int64_t result) {
  note_told(result);
  if (serial_ != 0) origins_.push_back({told_, 2 * serial_ + 1, told_});
}

void Stream::check_received(const void* bytes, std::int64_t result, bool takes_away) {
  if (result <= 0) return;
  const auto size = static_cast<std::size_t>(result);
  if (serial_ != 0 && !is_doubtful_ && !are_bytes_doubted)
    require_same(bytes, pattern(2 * serial_, read_, size), size, "received");
  if (takes_away) read_ += size;
}
}  // namespace cloister::fuzz
