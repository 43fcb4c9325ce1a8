// SPDX-License-Identifier: Apache-2.0
// What a PCK certificate says of a platform: the SGX extension, OID 1.2.840.113741.1.13.1. Both sides; pure function.
// Source: Intel SGX PCK Certificate and Certificate Revocation List Profile Specification.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include "src/base/result.h"
#include "src/dcap/byte_reader.h"

namespace cloister::dcap {

enum class SgxType : std::uint8_t { standard = 0, scalable = 1, scalable_with_integrity = 2 };

struct PckIdentity {
  std::array<std::uint8_t, 16> ppid;
  std::array<std::uint8_t, 16> components;  // the SVNs of the sixteen components of the SGX TCB
  std::uint16_t pcesvn;
  std::array<std::uint8_t, 16> cpusvn;
  std::array<std::uint8_t, 2> pceid;
  std::array<std::uint8_t, 6> fmspc;
  SgxType sgx_type;
  // Of multi-package platforms only.
  std::optional<std::array<std::uint8_t, 16>> platform_instance_id;
  std::optional<bool> dynamic_platform, cached_keys, smt_enabled;
};

// `extension` is the extension's value. Unknown entries are skipped, as Intel's library does; a known one that is
// missing, malformed or there twice is Errc::invalid.
Result<PckIdentity> parse_pck_extension(Bytes extension);

const char* sgx_type_name(SgxType type);

}  // namespace cloister::dcap
