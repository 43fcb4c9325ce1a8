// SPDX-License-Identifier: Apache-2.0
// Any bytes as a quote: nothing breaks, and the parts that parsing found lie inside the quote and add up.
#include <cstdlib>
#include "src/dcap/collateral_files.h"
#include "src/dcap/inspect.h"

using namespace cloister::dcap;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
void require_inside(Bytes part, Bytes whole) {
  require(part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Cache cache;
  const auto quote = parse_quote({data, size});
  if (!quote.ok()) {
    require(quote.error().what()[0] != '\0');
    return 0;
  }
  const Quote& q = quote.value();
  for (const Bytes part :
       {q.signed_bytes, q.qe_report_bytes, q.attestation_key_bytes, q.qe_authentication_data, q.certification_data})
    require_inside(part, q.whole);
  const std::size_t nested = q.header.version == 3 ? 0 : 6;
  require(q.whole.size() == q.signed_bytes.size() + 4 + 64 + 64 + nested + 384 + 64 + 2 +
                                q.qe_authentication_data.size() + 6 + q.certification_data.size());
  require(parse_quote(q.whole).ok());
  quote_fields(q).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto request = collateral_request(q, cache);
  require(!request.ok() || q.certification_type == CertificationType::pck_chain);
  return 0;
}
