// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/pck_extension.h"
#include <algorithm>
#include "src/dcap/der.h"

namespace cloister::dcap {
namespace {

constexpr std::uint8_t kSgxArc[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

Error malformed() { return Error(Errc::invalid, "malformed SGX extension in the PCK certificate"); }

// The number of an entry below `arc_size` bytes of prefix: 1.2.840.113741.1.13.1.N, or .2.N for the TCB's entries;
// 0 for any other OID.
unsigned entry_number(Bytes oid, std::span<const std::uint8_t> prefix) {
  if (oid.size() != prefix.size() + 1 || !std::equal(prefix.begin(), prefix.end(), oid.begin())) return 0;
  return oid.back() < 0x80 ? oid.back() : 0;
}

template <std::size_t kSize>
Result<std::array<std::uint8_t, kSize>> octets(const DerElement& value) {
  if (!value.is(DerTag::octet_string) || value.content.size() != kSize) return malformed();
  std::array<std::uint8_t, kSize> bytes;
  std::copy(value.content.begin(), value.content.end(), bytes.begin());
  return bytes;
}

Result<std::uint32_t> number(const DerElement& value, std::uint32_t limit) {
  if (!value.is(DerTag::integer)) return malformed();
  return der_small(value, limit);
}

Result<bool> boolean(const DerElement& value) {
  if (!value.is(DerTag::boolean) || value.content.size() != 1) return malformed();
  return value.content[0] != 0;
}

// Calls `entry(number, value)` for each SEQUENCE { OID below prefix, value } and returns the set of numbers seen.
template <typename Entry>
Result<std::uint32_t> each_entry(Bytes content, std::span<const std::uint8_t> prefix, Entry&& entry) {
  std::uint32_t seen = 0;
  for (DerReader reader(content); !reader.at_end();) {
    DerReader pair(TRY(reader.expect(DerTag::sequence)).content);
    const Bytes oid = TRY(pair.expect(DerTag::object_identifier)).content;
    const DerElement value = TRY(pair.next());
    TRY(pair.finish());
    const unsigned which = entry_number(oid, prefix);
    if (which == 0 || which > 31) continue;
    if (seen & 1u << which) return malformed();
    seen |= 1u << which;
    TRY(entry(which, value));
  }
  return seen;
}

Result<void> parse_tcb(Bytes content, PckIdentity& pck) {
  constexpr unsigned kPcesvn = 17, kCpusvn = 18;
  std::array<std::uint8_t, sizeof kSgxArc + 1> prefix;
  std::copy(std::begin(kSgxArc), std::end(kSgxArc), prefix.begin());
  prefix.back() = 2;
  const std::uint32_t seen =
      TRY(each_entry(content, prefix, [&](unsigned which, const DerElement& value) -> Result<void> {
        if (which <= 16) pck.components[which - 1] = static_cast<std::uint8_t>(TRY(number(value, 255)));
        if (which == kPcesvn) pck.pcesvn = static_cast<std::uint16_t>(TRY(number(value, 65535)));
        if (which == kCpusvn) pck.cpusvn = TRY(octets<16>(value));
        return {};
      }));
  constexpr std::uint32_t kAll = 0x7fffe;  // 1 to 18
  if ((seen & kAll) != kAll) return malformed();
  return {};
}

Result<void> parse_configuration(Bytes content, PckIdentity& pck) {
  std::array<std::uint8_t, sizeof kSgxArc + 1> prefix;
  std::copy(std::begin(kSgxArc), std::end(kSgxArc), prefix.begin());
  prefix.back() = 7;
  TRY(each_entry(content, prefix, [&](unsigned which, const DerElement& value) -> Result<void> {
    if (which == 1) pck.dynamic_platform = TRY(boolean(value));
    if (which == 2) pck.cached_keys = TRY(boolean(value));
    if (which == 3) pck.smt_enabled = TRY(boolean(value));
    return {};
  }));
  return {};
}

Result<void> parse_entry(unsigned which, const DerElement& value, PckIdentity& pck) {
  switch (which) {
    case 1: pck.ppid = TRY(octets<16>(value)); break;
    case 2:
      if (!value.is(DerTag::sequence)) return malformed();
      TRY(parse_tcb(value.content, pck));
      break;
    case 3: pck.pceid = TRY(octets<2>(value)); break;
    case 4: pck.fmspc = TRY(octets<6>(value)); break;
    case 5:
      if (!value.is(DerTag::enumerated)) return malformed();
      pck.sgx_type = static_cast<SgxType>(TRY(der_small(value, 2)));
      break;
    case 6: pck.platform_instance_id = TRY(octets<16>(value)); break;
    case 7:
      if (!value.is(DerTag::sequence)) return malformed();
      TRY(parse_configuration(value.content, pck));
      break;
    default: break;
  }
  return {};
}

}  // namespace

Result<PckIdentity> parse_pck_extension(Bytes extension) {
  const Bytes content = TRY(der_whole(extension, DerTag::sequence)).content;
  PckIdentity pck{};
  const std::uint32_t seen = TRY(each_entry(
      content, kSgxArc, [&](unsigned which, const DerElement& value) { return parse_entry(which, value, pck); }));
  constexpr std::uint32_t kMandatory = 0x3e;  // PPID, TCB, PCEID, FMSPC, SGX type
  if ((seen & kMandatory) != kMandatory) return malformed();
  return pck;
}

const char* sgx_type_name(SgxType type) {
  switch (type) {
    case SgxType::standard: return "Standard";
    case SgxType::scalable: return "Scalable";
    case SgxType::scalable_with_integrity: return "Scalable with integrity";
  }
  return "unknown";
}

}  // namespace cloister::dcap
