// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/sgxs.h"
#include <bit>
#include <cstring>
#include "src/sgx/bytes.h"

namespace cloister::sgx {
namespace {

constexpr std::size_t kRecordSize = 64;

template <typename Record>
Record read(std::span<const std::uint8_t> bytes) {
  static_assert(sizeof(Record) == kRecordSize);
  Record record;
  std::memcpy(&record, bytes.data(), sizeof record);
  return record;
}

// The conditions of EADD that concern SECINFO.
Result<void> check_secinfo(const EaddRecord& record) {
  if (!all_zero(record.secinfo_rest) || (record.secinfo_flags & kSecinfoReserved) ||
      (record.secinfo_flags & (kSecinfoPending | kSecinfoModified | kSecinfoPr))) {
    return Error(Errc::invalid, "EADD with reserved bits in SECINFO");
  }
  const std::uint64_t permissions = record.secinfo_flags & kSecinfoRwx;
  switch (page_type(record.secinfo_flags)) {
    case PageType::tcs:
      // EADD clears them before it measures.
      if (permissions) return Error(Errc::invalid, "EADD of a TCS with permissions");
      return {};
    case PageType::reg:
      if ((permissions & kSecinfoW) && !(permissions & kSecinfoR)) {
        return Error(Errc::invalid, "EADD of a page that is writable but not readable");
      }
      return {};
    case PageType::ss_first:
    case PageType::ss_rest: return {};
    default: return Error(Errc::invalid, "EADD of a page type that cannot be added");
  }
}

}  // namespace

Result<SgxsReader> SgxsReader::open(std::span<const std::uint8_t> file) {
  if (file.size() < kRecordSize) return Error(Errc::invalid, "too short for an SGXS stream");
  const auto record = read<EcreateRecord>(file);
  if (record.tag == kTagUnsized) return Error(Errc::unsupported, "the SGXS stream's enclave size is not filled in");
  if (record.tag != kTagEcreate) return Error(Errc::invalid, "no SGXS stream: it does not begin with ECREATE");
  if (!all_zero(record.zero)) return Error(Errc::invalid, "ECREATE with reserved bytes set");
  const std::uint64_t size = record.size;
  if (!std::has_single_bit(size) || size < 2 * kPageSize) {
    return Error(Errc::invalid, "ECREATE with a size that is no power of two of two pages or more");
  }
  if (record.ssaframesize == 0) return Error(Errc::invalid, "ECREATE without SSAFRAMESIZE");
  return SgxsReader(file.subspan(kRecordSize), record.ssaframesize, size);
}

Result<std::optional<SgxsRecord>> SgxsReader::next() {
  if (rest_.empty()) return std::optional<SgxsRecord>();
  if (rest_.size() < kRecordSize) return Error(Errc::invalid, "the SGXS stream ends inside a record");
  const auto record = read<EextendRecord>(rest_);
  SgxsRecord out{SgxsRecord::Kind::add, record.offset, 0, nullptr};
  if (record.offset >= enclave_size_) return Error(Errc::invalid, "an SGXS record lies outside the enclave");
  if (record.tag == kTagEadd) {
    const auto add = read<EaddRecord>(rest_);
    if (add.offset % kPageSize != 0) return Error(Errc::invalid, "EADD at no page's beginning");
    TRY(check_secinfo(add));
    out.secinfo_flags = add.secinfo_flags;
    rest_ = rest_.subspan(kRecordSize);
    return std::optional(out);
  }
  if (record.tag != kTagEextend && record.tag != kTagUnmeasured) {
    return Error(Errc::invalid, "an SGXS record of unknown kind, or a second ECREATE");
  }
  if (record.offset % kExtendSize != 0 || !all_zero(record.zero)) {
    return Error(Errc::invalid, "EEXTEND at no multiple of 256, or with reserved bytes set");
  }
  if (rest_.size() < kRecordSize + kExtendSize) return Error(Errc::invalid, "the SGXS stream ends inside a chunk");
  out.kind = record.tag == kTagEextend ? SgxsRecord::Kind::extend : SgxsRecord::Kind::unmeasured;
  out.bytes = rest_.data() + kRecordSize;
  rest_ = rest_.subspan(kRecordSize + kExtendSize);
  return std::optional(out);
}

Result<SgxsPages> SgxsPages::open(std::span<const std::uint8_t> file) {
  SgxsReader reader = TRY(SgxsReader::open(file));
  const auto first = TRY(reader.next());
  return SgxsPages(reader, first);
}

Result<std::optional<SgxsPage>> SgxsPages::next() {
  if (!ahead_) return std::optional<SgxsPage>();
  if (ahead_->kind != SgxsRecord::Kind::add) return Error(Errc::invalid, "not canonical: a chunk without its page");
  if (ahead_->offset < lowest_next_) return Error(Errc::invalid, "not canonical: pages do not ascend");
  lowest_next_ = ahead_->offset + kPageSize;
  SgxsPage page{ahead_->offset, ahead_->secinfo_flags, {}, 0, {}};
  std::size_t measured_count = 0;
  for (;;) {
    ahead_ = TRY(reader_.next());
    if (!ahead_ || ahead_->kind == SgxsRecord::Kind::add) return std::optional(page);
    if (ahead_->offset / kPageSize != page.offset / kPageSize) {
      return Error(Errc::invalid, "not canonical: a chunk of another page");
    }
    const std::size_t index = ahead_->offset % kPageSize / kExtendSize;
    if (page.chunks[index]) return Error(Errc::invalid, "not canonical: a chunk comes twice");
    page.chunks[index] = ahead_->bytes;
    if (ahead_->kind == SgxsRecord::Kind::extend) {
      page.measured = static_cast<std::uint16_t>(page.measured | 1u << index);
      page.order[measured_count++] = static_cast<std::uint8_t>(index);
    }
  }
}

void SgxsPage::copy_to(std::span<std::uint8_t, kPageSize> page) const {
  for (std::size_t i = 0; i < kExtendsPerPage; ++i) {
    std::uint8_t* const to = page.data() + i * kExtendSize;
    if (chunks[i]) {
      std::memcpy(to, chunks[i], kExtendSize);
    } else {
      std::memset(to, 0, kExtendSize);
    }
  }
}

Result<Digest> measure_sgxs(std::span<const std::uint8_t> file) {
  SgxsReader reader = TRY(SgxsReader::open(file));
  Measurement measurement(reader.ssa_frame_size_pages(), reader.enclave_size_bytes());
  while (const auto record = TRY(reader.next())) {
    switch (record->kind) {
      case SgxsRecord::Kind::add: measurement.eadd(record->offset, record->secinfo_flags); break;
      case SgxsRecord::Kind::extend: measurement.eextend(record->offset, Chunk(record->bytes, kExtendSize)); break;
      case SgxsRecord::Kind::unmeasured: break;
    }
  }
  return measurement.finish();
}

}  // namespace cloister::sgx
