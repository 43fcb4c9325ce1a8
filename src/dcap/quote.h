// SPDX-License-Identifier: Apache-2.0
// Takes an ECDSA quote (v3, v4, v5) apart. Both sides; pure function over bytes, no allocation. Parsing says what a
// quote claims. It verifies nothing.
#pragma once
#include <array>
#include <cstdint>
#include <variant>
#include "abi/dcap/quote.h"
#include "abi/sgx/report.h"
#include "src/base/result.h"
#include "src/dcap/byte_reader.h"

namespace cloister::dcap {

// Real quotes have about 5000 bytes, files with the quoting library's padding 8000.
inline constexpr std::size_t kQuoteSizeLimit = 64 * 1024;

using Point = std::array<std::uint8_t, kPointSize>;
using Signature = std::array<std::uint8_t, kSignatureSize>;
using QuoteBody = std::variant<sgx::ReportBody, TdReport10, TdReport15>;

// The fixed parts are copies; what has no fixed size are views into the bytes that were parsed.
struct Quote {
  QuoteHeader header;
  QuoteBody body;
  Signature signature;
  Point attestation_key;
  sgx::ReportBody qe_report;
  Signature qe_report_signature;
  CertificationType certification_type;

  Bytes whole;         // without what follows the quote
  Bytes signed_bytes;  // header, descriptor and body: what the attestation key signs
  Bytes qe_report_bytes;
  Bytes attestation_key_bytes;
  Bytes qe_authentication_data;
  Bytes certification_data;

  bool is_tdx() const { return !std::holds_alternative<sgx::ReportBody>(body); }
};

// Errc::invalid for what is no quote, Errc::unsupported for a version, key type, TEE, body type or quoting enclave's
// vendor that is not served. Every size in the quote must be exact; zeros after the quote are allowed, because quoting
// libraries fill their buffers with them, other bytes are not.
Result<Quote> parse_quote(Bytes bytes);

// The parts that both kinds of TD report have; null for an SGX body.
const TdReport10* td_report(const QuoteBody& body);
Bytes reportdata(const QuoteBody& body);

// Such as "type 3 (PPID encrypted with RSA-3072)"; a text for every number.
const char* certification_type_name(CertificationType type);

}  // namespace cloister::dcap
