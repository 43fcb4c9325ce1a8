// SPDX-License-Identifier: Apache-2.0
// Program addresses in the kernel storey: typed, copied through core/program_access, EFAULT where they do not hold.
// Trusted.
#pragma once
#include <cerrno>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>
#include "src/base/result.h"
#include "src/enclave/core/program_access.h"

namespace cloister::kernel {

// An address that the program passed. A number, not a pointer.
struct ProgramAddress {
  std::uint64_t value = 0;
  bool is_null() const { return value == 0; }
  ProgramAddress operator+(std::uint64_t offset) const { return {value + offset}; }

  template <typename T>
  Result<T> load() const {
    static_assert(std::is_trivially_copyable_v<T>);
    T object;
    if (!core::copy_from_program(&object, value, sizeof object)) return Error::from_errno(EFAULT);
    return object;
  }
  template <typename T>
  Result<void> store(const T& object) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!core::copy_to_program(value, &object, sizeof object)) return Error::from_errno(EFAULT);
    return {};
  }
  Result<void> read(void* to, std::size_t size) const {
    if (!core::copy_from_program(to, value, size)) return Error::from_errno(EFAULT);
    return {};
  }
  Result<void> write(const void* from, std::size_t size) const {
    if (!core::copy_to_program(value, from, size)) return Error::from_errno(EFAULT);
    return {};
  }
  // A path: at most PATH_MAX with its terminator, else ENAMETOOLONG.
  Result<std::string> load_path() const { return load_string(4096); }
  Result<std::string> load_string(std::size_t limit) const;
};

// Memory that data goes to or comes from: segments of the program, or one trusted buffer. Offsets run over all
// segments.
class IoVector {
 public:
  static IoVector program(ProgramAddress address, std::size_t size);
  // The buffer of read(2), send(2) and their kin, cut to MAX_RW_COUNT. EFAULT for what no program has.
  static Result<IoVector> buffer(ProgramAddress address, std::uint64_t size);
  static IoVector trusted(void* memory, std::size_t size);
  // readv/writev: EINVAL for a count above 1024 or sizes that overflow, EFAULT for a bad array or what no program has.
  // `size` of a segment is capped so that the sum stays within MAX_RW_COUNT.
  static Result<IoVector> load(ProgramAddress array, std::uint64_t count);

  std::size_t size() const { return size_; }
  // Into the described memory at `offset` (`size` bytes fit), or out of it. EFAULT.
  Result<void> fill(std::size_t offset, const void* from, std::size_t size) const;
  Result<void> fetch(std::size_t offset, void* to, std::size_t size) const;
  Result<void> fill_zeros(std::size_t offset, std::size_t size) const;
  // The same between the memory and the thread's bounce buffer, whose data lies at `host` (8-byte aligned).
  Result<void> fill_from_host(std::size_t offset, core::HostAddress host, std::size_t size) const;
  Result<void> fetch_to_host(std::size_t offset, core::HostAddress host, std::size_t size) const;
  // Its beginning, up to the first page that the program cannot access.
  IoVector accessible(core::Access access) const;
  // The part [offset, offset + size).
  IoVector slice(std::size_t offset, std::size_t size) const;

 private:
  struct Segment {
    std::uint64_t address;
    std::size_t size;
  };
  template <typename Visit>
  Result<void> visit(std::size_t offset, std::size_t size, Visit visit) const;
  std::span<const Segment> segments() const { return many_.empty() ? std::span(&single_, 1) : std::span(many_); }
  void add(std::uint64_t address, std::size_t size);

  Segment single_{0, 0};       // the usual case needs no memory of its own
  std::vector<Segment> many_;  // all of them, when there are more
  std::size_t size_ = 0;
  bool trusted_ = false;
};
}  // namespace cloister::kernel
