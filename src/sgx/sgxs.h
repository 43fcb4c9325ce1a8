// SPDX-License-Identifier: Apache-2.0
// SGXS, the public file format of an enclave before it is signed: the measurement records themselves, so that the
// file's SHA-256 is its MRENCLAVE (UNMEASRD records left out). An enclave image is such a file. Both sides; no I/O;
// reading allocates nothing and keeps pointing into the bytes that it was given.
//
// Refused is what no processor would measure as it stands: an ECREATE that is not first or whose size is no power of
// two, pages outside the enclave, of another type than REG, TCS or shadow stack, writable without being readable, and
// reserved bytes that are not zero. A *canonical* stream, which alone can be read page by page, also has ascending
// pages, and each 256 bytes at most once and right after their EADD. UNSIZED streams (size still to be filled in) are
// Errc::unsupported. Source: fortanix/rust-sgx, doc/SGXS.md; Intel SDM vol. 3D, ECREATE, EADD, EEXTEND.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include "abi/sgx/page.h"
#include "abi/sgx/record.h"
#include "src/base/result.h"
#include "src/sgx/measurement.h"

namespace cloister::sgx {

using Chunk = std::span<const std::uint8_t, kExtendSize>;

// One EADD, EEXTEND or UNMEASRD record.
struct SgxsRecord {
  enum class Kind { add, extend, unmeasured };
  Kind kind;
  std::uint64_t offset;         // from the enclave's base
  std::uint64_t secinfo_flags;  // of add
  const std::uint8_t* bytes;    // 256, of extend and unmeasured; null for add
};

// Record by record, in any order. Copyable: a copy continues from the same place.
class SgxsReader {
 public:
  // Reads ECREATE. Errc::invalid, Errc::unsupported.
  static Result<SgxsReader> open(std::span<const std::uint8_t> file);

  std::uint32_t ssa_frame_size_pages() const { return ssa_frame_size_; }
  std::uint64_t enclave_size_bytes() const { return enclave_size_; }
  // The next record; nothing at the end. Errc::invalid, after which the reader is of no use.
  Result<std::optional<SgxsRecord>> next();

 private:
  SgxsReader(std::span<const std::uint8_t> rest, std::uint32_t ssa_frame_size, std::uint64_t enclave_size)
      : rest_(rest), ssa_frame_size_(ssa_frame_size), enclave_size_(enclave_size) {}

  std::span<const std::uint8_t> rest_;
  std::uint32_t ssa_frame_size_;
  std::uint64_t enclave_size_;
};

// A page of a canonical stream: what EADD gets, and which of its 16 chunks EEXTEND gets.
struct SgxsPage {
  std::uint64_t offset;
  std::uint64_t secinfo_flags;
  const std::uint8_t* chunks[kExtendsPerPage];  // 256 bytes each; null stands for zeros
  std::uint16_t measured;                       // bit i: chunk i is measured

  // EEXTENDs may come in any order, and the order is measured: chunk numbers in the file's order, `measured` of them.
  std::uint8_t order[kExtendsPerPage];

  void copy_to(std::span<std::uint8_t, kPageSize> page) const;
};

// Page by page. Errc::invalid for a stream that is not canonical.
class SgxsPages {
 public:
  static Result<SgxsPages> open(std::span<const std::uint8_t> file);
  std::uint32_t ssa_frame_size_pages() const { return reader_.ssa_frame_size_pages(); }
  std::uint64_t enclave_size_bytes() const { return reader_.enclave_size_bytes(); }
  Result<std::optional<SgxsPage>> next();

 private:
  SgxsPages(const SgxsReader& reader, std::optional<SgxsRecord> ahead) : reader_(reader), ahead_(ahead) {}

  SgxsReader reader_;
  std::optional<SgxsRecord> ahead_;  // the EADD of the next page
  std::uint64_t lowest_next_ = 0;
};

// MRENCLAVE of a stream, canonical or not.
Result<Digest> measure_sgxs(std::span<const std::uint8_t> file);

}  // namespace cloister::sgx
