// SPDX-License-Identifier: Apache-2.0
// TCB infos: which security version numbers a kind of platform (FMSPC) may have, and what each combination is worth.
// Both sides; pure functions. Source: Intel SGX and TDX PCS API, "Get TCB Info", versions 2 and 3 of the document.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/dcap/byte_reader.h"
#include "src/dcap/tcb_status.h"
#include "src/dcap/time.h"
#include "src/sgx/measurement.h"

namespace cloister::dcap {

// What is signed, by whom is not known yet; every signed document has one.
struct DocumentSignature {
  sgx::Digest digest;  // of the exact bytes received
  std::array<std::uint8_t, 64> signature;
};

struct TcbLevel {
  std::array<std::uint8_t, 16> sgx_components;
  std::array<std::uint8_t, 16> tdx_components;  // zero in an SGX document
  std::uint16_t pcesvn;
  TcbStatus status;
  UnixTime date;
  std::vector<std::string> advisories;
  std::size_t index;  // in the document
};

struct IsvsvnLevel {  // of an enclave or a TDX module
  std::uint16_t isvsvn;
  TcbStatus status;  // up_to_date, out_of_date or revoked
  UnixTime date;
  std::vector<std::string> advisories;
};

struct TdxModule {
  std::array<std::uint8_t, 48> mrsigner;
  std::array<std::uint8_t, 8> attributes, attributes_mask;
};
struct TdxModuleIdentity {
  std::string id;  // "TDX_01"
  TdxModule module;
  std::vector<IsvsvnLevel> levels;  // highest ISVSVN first
};

struct TcbInfo {
  DocumentSignature signed_part;
  std::uint32_t version;  // 1 (only read, never accepted), 2 or 3
  bool is_tdx;
  Validity validity;  // issueDate to nextUpdate
  std::array<std::uint8_t, 6> fmspc;
  std::optional<std::array<std::uint8_t, 2>> pceid;  // old documents may lack it; they match no platform
  std::uint32_t tcb_evaluation_data_number;
  std::optional<TdxModule> tdx_module;
  std::vector<TdxModuleIdentity> tdx_module_identities;
  // The higher first: by SGX components, then PCESVN, then TDX components. Levels are tried in this order.
  std::vector<TcbLevel> levels;
};

using TcbInfoPointer = std::shared_ptr<const TcbInfo>;

// Errc::invalid for what is no TCB info, Errc::unsupported for a version or TCB type that is not known.
Result<TcbInfo> parse_tcb_info(Bytes file);

}  // namespace cloister::dcap
