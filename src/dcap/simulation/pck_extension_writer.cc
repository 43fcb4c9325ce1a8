// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include "src/dcap/der.h"
#include "src/dcap/simulation/certificate_writer.h"

namespace cloister::dcap::simulation {
namespace {

void append(OwnedBytes& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// One element; contents stay below 64 KiB.
OwnedBytes element(DerTag tag, Bytes content) {
  const std::size_t size = content.size();
  OwnedBytes der;
  der.reserve(size + 4);
  der.push_back(static_cast<std::uint8_t>(tag));
  if (size >= 0x80) der.push_back(size >= 0x100 ? 0x82 : 0x81);
  if (size >= 0x100) der.push_back(static_cast<std::uint8_t>(size >> 8));
  der.push_back(static_cast<std::uint8_t>(size));
  append(der, content);
  return der;
}

OwnedBytes number(DerTag tag, std::uint32_t value) {
  OwnedBytes digits;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto digit = static_cast<std::uint8_t>(value >> shift);
    if (!digits.empty() || digit != 0 || shift == 0) digits.push_back(digit);
  }
  if (digits[0] & 0x80) digits.insert(digits.begin(), 0);
  return element(tag, digits);
}

// SEQUENCE { 1.2.840.113741.1.13.1 and `arc`, value }
OwnedBytes entry(std::initializer_list<std::uint8_t> arc, const OwnedBytes& value) {
  OwnedBytes oid{0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
  oid.insert(oid.end(), arc.begin(), arc.end());
  OwnedBytes pair = element(DerTag::object_identifier, oid);
  append(pair, value);
  return element(DerTag::sequence, pair);
}

OwnedBytes tcb(const PckIdentity& pck) {
  OwnedBytes entries;
  for (std::uint8_t i = 0; i < pck.components.size(); ++i)
    append(entries, entry({2, static_cast<std::uint8_t>(i + 1)}, number(DerTag::integer, pck.components[i])));
  append(entries, entry({2, 17}, number(DerTag::integer, pck.pcesvn)));
  append(entries, entry({2, 18}, element(DerTag::octet_string, pck.cpusvn)));
  return element(DerTag::sequence, entries);
}

// Of platforms that say how they are configured.
OwnedBytes configuration(const PckIdentity& pck) {
  const std::optional<bool> flags[] = {pck.dynamic_platform, pck.cached_keys, pck.smt_enabled};
  OwnedBytes entries;
  for (std::uint8_t i = 0; i < std::size(flags); ++i) {
    if (!flags[i]) continue;
    const OwnedBytes value{static_cast<std::uint8_t>(*flags[i] ? 0xff : 0)};
    append(entries, entry({7, static_cast<std::uint8_t>(i + 1)}, element(DerTag::boolean, value)));
  }
  return entries.empty() ? entries : entry({7}, element(DerTag::sequence, entries));
}

}  // namespace

OwnedBytes make_pck_extension(const PckIdentity& pck) {
  OwnedBytes entries = entry({1}, element(DerTag::octet_string, pck.ppid));
  append(entries, entry({2}, tcb(pck)));
  append(entries, entry({3}, element(DerTag::octet_string, pck.pceid)));
  append(entries, entry({4}, element(DerTag::octet_string, pck.fmspc)));
  append(entries, entry({5}, number(DerTag::enumerated, static_cast<std::uint32_t>(pck.sgx_type))));
  append(entries, configuration(pck));
  return element(DerTag::sequence, entries);
}

}  // namespace cloister::dcap::simulation
