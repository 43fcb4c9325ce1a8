// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/inspect.h"
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/sgx/attribute_names.h"
#include "src/sgx/field_text.h"
#include "src/sgx/sgxs.h"
#include "src/sgx/sigstruct.h"

namespace cloister::sgx {
namespace {

using Fields = nlohmann::ordered_json;

std::string number(std::uint32_t value) {
  char text[9];
  std::snprintf(text, sizeof text, "%08" PRIx32, value);
  return text;
}

template <typename Struct>
std::string bytes(const Struct& value) {
  return to_hex({reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

const char* verdict(const Result<void>& result) { return result.ok() ? "ok" : result.error().what(); }

Fields sigstruct_fields(const Sigstruct& s) {
  const auto format = check_format(s);
  const auto whole = verify(s);
  return {{"kind", "sigstruct"},
          {"valid", whole.ok()},
          {"verdict", verdict(whole)},
          {"format_valid", format.ok()},
          {"signature_valid", check_signature(s).ok()},
          {"q1_q2_valid", check_quotients(s).ok()},
          {"mrenclave", to_hex(s.enclavehash)},
          {"mrsigner", to_hex(mrsigner(s))},
          {"isvprodid", s.isvprodid},
          {"isvsvn", s.isvsvn},
          {"isvextprodid", to_hex(s.isvextprodid)},
          {"isvfamilyid", to_hex(s.isvfamilyid)},
          {"attributes", bytes(s.attributes)},
          {"attributes_flags", attribute_flag_names(s.attributes.flags)},
          {"attributemask", bytes(s.attributemask)},
          {"attributemask_flags", attribute_flag_names(s.attributemask.flags & ~kAttributeReserved)},
          {"miscselect", bytes(s.miscselect)},
          {"miscmask", bytes(s.miscmask)},
          {"cet_attributes", bytes(s.cet_attributes)},
          {"cet_attributes_mask", bytes(s.cet_attributes_mask)},
          {"vendor", number(s.vendor)},
          {"date", number(s.date)},
          {"swdefined", bytes(s.swdefined)},
          {"exponent", s.exponent},
          {"signed_digest_sha256", to_hex(sha256(signed_bytes(s)))}};
}

struct PageCounts {
  std::size_t pages = 0, tcs_pages = 0, measured_chunks = 0, unmeasured_chunks = 0;
};

Result<PageCounts> count(std::span<const std::uint8_t> file) {
  SgxsReader reader = TRY(SgxsReader::open(file));
  PageCounts counts;
  while (const auto record = TRY(reader.next())) {
    switch (record->kind) {
      case SgxsRecord::Kind::add:
        ++counts.pages;
        counts.tcs_pages += page_type(record->secinfo_flags) == PageType::tcs;
        break;
      case SgxsRecord::Kind::extend: ++counts.measured_chunks; break;
      case SgxsRecord::Kind::unmeasured: ++counts.unmeasured_chunks; break;
    }
  }
  return counts;
}

Result<void> check_canonical(std::span<const std::uint8_t> file) {
  SgxsPages pages = TRY(SgxsPages::open(file));
  while (TRY(pages.next())) {
  }
  return {};
}

Result<Fields> sgxs_fields(std::span<const std::uint8_t> file) {
  const SgxsReader reader = TRY(SgxsReader::open(file));
  const Digest mrenclave = TRY(measure_sgxs(file));
  const PageCounts counts = TRY(count(file));
  const auto canonical = check_canonical(file);
  return Fields{{"kind", "sgxs"},
                {"valid", canonical.ok()},
                {"verdict", verdict(canonical)},
                {"mrenclave", to_hex(mrenclave)},
                {"size", reader.enclave_size_bytes()},
                {"ssaframesize", reader.ssa_frame_size_pages()},
                {"pages", counts.pages},
                {"tcs_pages", counts.tcs_pages},
                {"measured_bytes", counts.measured_chunks * kExtendSize},
                {"unmeasured_bytes", counts.unmeasured_chunks * kExtendSize},
                {"canonical", canonical.ok()}};
}

bool is_sgxs(std::span<const std::uint8_t> file) {
  std::uint64_t tag = 0;
  if (file.size() >= sizeof tag) std::memcpy(&tag, file.data(), sizeof tag);
  return tag == kTagEcreate || tag == kTagUnsized;
}

Result<Fields> all_fields(std::span<const std::uint8_t> file) {
  if (is_sgxs(file)) return sgxs_fields(file);
  if (file.size() == sizeof(Sigstruct)) return sigstruct_fields(TRY(parse_sigstruct(file)));
  return Error(Errc::invalid, "neither a SIGSTRUCT (1808 bytes) nor an SGXS stream (begins with ECREATE)");
}

}  // namespace

Result<Inspection> inspect(std::span<const std::uint8_t> file, Rendering rendering) {
  const Fields fields = TRY(all_fields(file));
  return Inspection{rendering == Rendering::json ? fields.dump(2) + '\n' : field_text(fields), fields.at("valid")};
}

}  // namespace cloister::sgx
