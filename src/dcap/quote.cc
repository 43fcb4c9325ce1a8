// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/quote.h"
#include <algorithm>

namespace cloister::dcap {
namespace {

constexpr char kTooShort[] = "the quote ends too early, or a size in it is too large";

Result<void> check_header(const QuoteHeader& header) {
  if (header.version < 3 || header.version > 5)
    return Error(Errc::unsupported, "the quote's version is none of 3, 4 and 5");
  if (header.attestation_key_type != kAttestationKeyP256)
    return Error(Errc::unsupported, "the quote's attestation key type is not 2 (ECDSA with P-256)");
  if (header.tee_type != kTeeSgx && header.tee_type != kTeeTdx)
    return Error(Errc::unsupported, "the quote's TEE type is neither SGX nor TDX");
  if (header.version == 3 && header.tee_type != kTeeSgx)
    return Error(Errc::invalid, "a quote of version 3 can be for SGX only");
  if (!std::equal(std::begin(kIntelQeVendorId), std::end(kIntelQeVendorId), header.qe_vendor_id))
    return Error(Errc::unsupported, "the quoting enclave's vendor is not Intel");
  return {};
}

Result<BodyType> body_type(const QuoteHeader& header, ByteReader& reader) {
  if (header.version < 5) return header.tee_type == kTeeSgx ? BodyType::sgx_report : BodyType::td_report_1_0;
  const auto descriptor = TRY(reader.read<QuoteBodyDescriptor>());
  std::size_t size;
  switch (static_cast<BodyType>(descriptor.type)) {
    case BodyType::sgx_report: size = sizeof(sgx::ReportBody); break;
    case BodyType::td_report_1_0: size = sizeof(TdReport10); break;
    case BodyType::td_report_1_5: size = sizeof(TdReport15); break;
    default: return Error(Errc::unsupported, "the quote's body type is none of SGX report, TD report 1.0 and 1.5");
  }
  const auto type = static_cast<BodyType>(descriptor.type);
  if (descriptor.size != size) return Error(Errc::invalid, "the quote's body has another size than its type");
  if ((type == BodyType::sgx_report) != (header.tee_type == kTeeSgx))
    return Error(Errc::invalid, "the quote's body is for another TEE than its header");
  return type;
}

Result<void> read_body(BodyType type, ByteReader& reader, QuoteBody& body) {
  switch (type) {
    case BodyType::sgx_report: body = TRY(reader.read<sgx::ReportBody>()); break;
    case BodyType::td_report_1_0: body = TRY(reader.read<TdReport10>()); break;
    case BodyType::td_report_1_5: body = TRY(reader.read<TdReport15>()); break;
  }
  return {};
}

// The QE report and all that vouches for it; the same bytes in every version.
Result<void> read_qe_part(ByteReader& reader, Quote& quote) {
  quote.qe_report_bytes = TRY(reader.take(sizeof(sgx::ReportBody)));
  std::memcpy(&quote.qe_report, quote.qe_report_bytes.data(), sizeof quote.qe_report);
  quote.qe_report_signature = TRY(reader.read<Signature>());
  quote.qe_authentication_data = TRY(reader.take(TRY(reader.read<std::uint16_t>())));
  quote.certification_type = static_cast<CertificationType>(TRY(reader.read<std::uint16_t>()));
  quote.certification_data = TRY(reader.take(TRY(reader.read<std::uint32_t>())));
  if (!reader.at_end()) return Error(Errc::invalid, "the quote's signature data is longer than its parts");
  return {};
}

Result<void> read_signature_data(Bytes bytes, Quote& quote) {
  ByteReader reader(bytes, kTooShort);
  quote.signature = TRY(reader.read<Signature>());
  quote.attestation_key_bytes = TRY(reader.take(kPointSize));
  std::copy(quote.attestation_key_bytes.begin(), quote.attestation_key_bytes.end(), quote.attestation_key.begin());
  if (quote.header.version == 3) return read_qe_part(reader, quote);
  if (TRY(reader.read<std::uint16_t>()) != static_cast<std::uint16_t>(CertificationType::qe_report))
    return Error(Errc::invalid, "the outer certification data of a quote of version 4 or 5 is not of type 6");
  const Bytes inner = TRY(reader.take(TRY(reader.read<std::uint32_t>())));
  if (!reader.at_end()) return Error(Errc::invalid, "the quote's signature data is longer than its parts");
  ByteReader inner_reader(inner, kTooShort);
  return read_qe_part(inner_reader, quote);
}

Result<Quote> parse(Bytes bytes) {
  ByteReader reader(bytes, kTooShort);
  Quote quote{};
  quote.header = TRY(reader.read<QuoteHeader>());
  TRY(check_header(quote.header));
  TRY(read_body(TRY(body_type(quote.header, reader)), reader, quote.body));
  quote.signed_bytes = bytes.first(bytes.size() - reader.rest().size());
  TRY(read_signature_data(TRY(reader.take(TRY(reader.read<std::uint32_t>()))), quote));
  quote.whole = bytes.first(bytes.size() - reader.rest().size());
  const Bytes rest = reader.rest();
  if (std::any_of(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte != 0; }))
    return Error(Errc::invalid, "bytes other than zero follow the quote");
  return quote;
}

}  // namespace

Result<Quote> parse_quote(Bytes bytes) {
  if (bytes.size() > kQuoteSizeLimit) return Error(Errc::invalid, "larger than 64 KiB, which no quote is");
  return parse(bytes);
}

const TdReport10* td_report(const QuoteBody& body) {
  if (const auto* report = std::get_if<TdReport10>(&body)) return report;
  if (const auto* report = std::get_if<TdReport15>(&body)) return &report->base;
  return nullptr;
}

Bytes reportdata(const QuoteBody& body) {
  if (const auto* report = std::get_if<sgx::ReportBody>(&body)) return report->reportdata;
  return td_report(body)->reportdata;
}

const char* certification_type_name(CertificationType type) {
  switch (type) {
    case CertificationType::ppid_plain: return "type 1 (plain PPID)";
    case CertificationType::ppid_rsa_2048: return "type 2 (PPID encrypted with RSA-2048)";
    case CertificationType::ppid_rsa_3072: return "type 3 (PPID encrypted with RSA-3072)";
    case CertificationType::pck_certificate: return "type 4 (PCK leaf certificate)";
    case CertificationType::pck_chain: return "type 5 (PCK certificate chain)";
    case CertificationType::qe_report: return "type 6 (QE report certification data)";
    case CertificationType::platform_manifest: return "type 7 (platform manifest)";
  }
  return "unknown type";
}

}  // namespace cloister::dcap
