// SPDX-License-Identifier: Apache-2.0
#include "src/cli/quote_input.h"
#include "src/cli/read_file.h"
#include "src/dcap/inspect.h"
#include "src/ratls/fields.h"

namespace cloister {
namespace {

using Fields = nlohmann::ordered_json;
constexpr std::size_t kFileLimit = 2 * ratls::kCertificateSizeLimit;  // in PEM

Result<QuoteInput> read_certificate(const std::vector<std::uint8_t>& file) {
  QuoteInput input;
  input.bytes = TRY(ratls::certificate_der(file));
  input.certificate = TRY(ratls::parse_certificate(input.bytes));
  input.evidence = TRY(ratls::find_evidence(*input.certificate));
  input.quote = input.evidence.front().quote;
  return input;
}

}  // namespace

Result<QuoteInput> read_quote_input(const std::string& path) {
  auto file = TRY(read_file(path, kFileLimit));
  if (ratls::looks_like_certificate(file)) return read_certificate(file);
  if (file.size() > dcap::kQuoteSizeLimit) return Error(Errc::unsupported, "is larger than any file of its kind");
  QuoteInput input;
  input.bytes = std::move(file);
  input.quote = TRY(dcap::parse_quote(input.bytes));
  return input;
}

nlohmann::ordered_json fields_of(const QuoteInput& input) {
  Fields quote = dcap::quote_fields(input.quote);
  if (!input.certificate) return quote;
  Fields fields{{"kind", "certificate"},
                {"certificate", ratls::certificate_fields(*input.certificate)},
                {"evidence", ratls::evidence_fields(input.evidence, *input.certificate)}};
  if (quote.contains("simulation")) fields["simulation"] = true;
  fields["quote"] = std::move(quote);
  return fields;
}

nlohmann::ordered_json one_level(const nlohmann::ordered_json& fields) {
  Fields lines = Fields::object();
  for (const auto& [name, value] : fields.items()) {
    const bool is_list = name == "evidence" && value.is_array();
    const bool is_nested = name == "quote" && value.is_object();
    if (is_list) {
      for (std::size_t i = 0; i < value.size(); ++i) lines["evidence_" + std::to_string(i + 1)] = value[i];
    } else if (is_nested) {
      for (const auto& [member, inner] : value.items())
        if (!inner.is_null()) lines[lines.contains(member) ? "quote." + member : member] = inner;
    } else {
      lines[name] = value;
    }
  }
  return lines;
}

}  // namespace cloister
