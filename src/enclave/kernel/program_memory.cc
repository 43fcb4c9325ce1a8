// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/program_memory.h"
#include <algorithm>
#include <cstring>
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/host_gather.h"

namespace cloister::kernel {
namespace {
constexpr std::size_t kMaxSegments = 1024;         // UIO_MAXIOV
constexpr std::size_t kMaxTransfer = 0x7fff'f000;  // MAX_RW_COUNT
constexpr std::size_t kPiece = 4096;               // multiple of 8: host memory is accessed in aligned words

Error bad_address() { return Error::from_errno(EFAULT); }

// Whether the page of `address` is there for it. What it holds is not changed.
bool is_accessible(std::uint64_t address, core::Access access) {
  const std::uint64_t word = address & ~std::uint64_t{3};
  std::uint32_t value;
  if (!core::load_program_u32_checked(word, &value)) return false;
  return access == core::Access::read || core::compare_exchange_program_u32_checked(word, &value, value);
}
}  // namespace

Result<std::string> ProgramAddress::load_string(std::size_t limit) const {
  char text[4096];
  const std::size_t size = std::min(limit, sizeof text);
  const long length = core::copy_string_from_program(text, value, size);
  if (length < 0) return Error::from_errno(static_cast<int>(-length));
  return std::string(text, static_cast<std::size_t>(length));
}

void IoVector::add(std::uint64_t address, std::size_t size) {
  size_ += size;
  if (single_.size == 0 && many_.empty()) {
    single_ = {address, size};
    return;
  }
  if (many_.empty()) many_.push_back(single_);
  many_.push_back({address, size});
}

IoVector IoVector::program(ProgramAddress address, std::size_t size) {
  IoVector vector;
  vector.add(address.value, std::min(size, kMaxTransfer));
  return vector;
}

Result<IoVector> IoVector::buffer(ProgramAddress address, std::uint64_t size) {
  if (!core::is_user_range(address.value, size)) return bad_address();
  return program(address, size);
}

IoVector IoVector::trusted(void* memory, std::size_t size) {
  IoVector vector;
  vector.add(reinterpret_cast<std::uint64_t>(memory), size);
  vector.trusted_ = true;
  return vector;
}

Result<IoVector> IoVector::load(ProgramAddress array, std::uint64_t count) {
  struct Entry {
    std::uint64_t base, size;
  };
  if (count > kMaxSegments) return Error::from_errno(EINVAL);
  std::vector<Entry> entries(count);
  if (count != 0) TRY(array.read(entries.data(), count * sizeof(Entry)));
  for (const Entry& entry : entries)
    if (entry.size > static_cast<std::uint64_t>(INT64_MAX)) return Error::from_errno(EINVAL);
  IoVector vector;
  for (const Entry& entry : entries) {
    if (!core::is_user_range(entry.base, entry.size)) return bad_address();
    const std::size_t size = std::min(entry.size, kMaxTransfer - vector.size_);
    if (size != 0) vector.add(entry.base, size);
  }
  return vector;
}

template <typename Visit>
Result<void> IoVector::visit(std::size_t offset, std::size_t size, Visit visit) const {
  std::size_t done = 0;
  for (const Segment& segment : segments()) {
    if (done == size) break;
    if (offset >= segment.size) {
      offset -= segment.size;
      continue;
    }
    const std::size_t part = std::min(segment.size - offset, size - done);
    if (!visit(segment.address + offset, done, part)) return bad_address();
    done += part;
    offset = 0;
  }
  return {};
}

Result<void> IoVector::fill(std::size_t offset, const void* from, std::size_t size) const {
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  return visit(offset, size, [&](std::uint64_t address, std::size_t done, std::size_t part) {
    if (!trusted_) return core::copy_to_program(address, bytes + done, part);
    std::memcpy(reinterpret_cast<void*>(address), bytes + done, part);
    return true;
  });
}

Result<void> IoVector::fetch(std::size_t offset, void* to, std::size_t size) const {
  auto* bytes = static_cast<std::uint8_t*>(to);
  return visit(offset, size, [&](std::uint64_t address, std::size_t done, std::size_t part) {
    if (!trusted_) return core::copy_from_program(bytes + done, address, part);
    std::memcpy(bytes + done, reinterpret_cast<const void*>(address), part);
    return true;
  });
}

Result<void> IoVector::fill_zeros(std::size_t offset, std::size_t size) const {
  return visit(offset, size, [&](std::uint64_t address, std::size_t, std::size_t part) {
    if (!trusted_) return core::zero_program(address, part);
    std::memset(reinterpret_cast<void*>(address), 0, part);
    return true;
  });
}

// Host memory is accessed in aligned words only, so where several segments may begin within a word the data takes the
// way over a small trusted buffer; the usual single segment is copied directly.
Result<void> IoVector::fill_from_host(std::size_t offset, core::HostAddress host, std::size_t size) const {
  if (!trusted_ && many_.empty())
    return visit(offset, size, [&](std::uint64_t address, std::size_t, std::size_t part) {
      return core::copy_host_to_program_checked(address, host, part);
    });
  std::uint8_t piece[kPiece];
  for (std::size_t done = 0; done < size; done += kPiece) {
    const std::size_t part = std::min(kPiece, size - done);
    core::copy_from_host(piece, host + done, part);
    TRY(fill(offset + done, piece, part));
  }
  return {};
}

Result<void> IoVector::fetch_to_host(std::size_t offset, core::HostAddress host, std::size_t size) const {
  if (!trusted_) {
    core::HostGather gather(host);
    TRY(visit(offset, size,
              [&](std::uint64_t address, std::size_t, std::size_t part) { return gather.add(address, part); }));
    gather.finish();
    return {};
  }
  std::uint8_t piece[kPiece];
  for (std::size_t done = 0; done < size; done += kPiece) {
    const std::size_t part = std::min(kPiece, size - done);
    TRY(fetch(offset + done, piece, part));
    core::copy_to_host(host + done, piece, part);
  }
  return {};
}

IoVector IoVector::accessible(core::Access access) const {
  std::size_t size = 0;
  for (const Segment& segment : segments()) {
    const std::uint64_t end = segment.address + segment.size;
    for (std::uint64_t at = segment.address; at < end;) {
      if (!trusted_ && !is_accessible(at, access)) return slice(0, size);
      const std::uint64_t next = std::min(end, (at | (layout::kPageSize - 1)) + 1);
      size += next - at;
      at = next;
    }
  }
  return *this;
}

IoVector IoVector::slice(std::size_t offset, std::size_t size) const {
  IoVector part;
  part.trusted_ = trusted_;
  for (const Segment& segment : segments()) {
    if (part.size_ == size) break;
    if (offset >= segment.size) {
      offset -= segment.size;
      continue;
    }
    const std::size_t taken = std::min(segment.size - offset, size - part.size_);
    part.add(segment.address + offset, taken);
    offset = 0;
  }
  return part;
}
}  // namespace cloister::kernel
