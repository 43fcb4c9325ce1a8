// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/verdict_fields.h"
#include "src/base/hex.h"
#include "src/dcap/inspect.h"

namespace cloister::dcap {
namespace {

using Fields = nlohmann::ordered_json;

Fields part_status(const std::optional<PartVerdict>& part) {
  if (!part) return nullptr;
  return part->status ? name(*part->status) : "NoMatchingTcbLevel";
}
Fields part_advisories(const std::optional<PartVerdict>& part) { return part ? Fields(part->advisories) : Fields(); }
Fields part_date(const std::optional<PartVerdict>& part) {
  return part && part->status ? Fields(iso_time(part->date)) : Fields();
}

}  // namespace

nlohmann::ordered_json verdict_fields(const Quote& quote, const Judgement& judgement) {
  const Verdict& verdict = judgement.verdict;
  Fields fields{{"status", verdict.status ? Fields(status_text(verdict)) : Fields()}};
  if (verdict.error) fields["error"] = verdict.error->what();
  fields["verified"] = judgement.verified.has_value();
  fields["simulation"] = verdict.simulation;
  fields["time"] = verdict.time;
  fields["time_iso"] = iso_time(verdict.time);
  fields["crl_in_force"] = verdict.crl_in_force;
  fields["platform_tcb_status"] = part_status(verdict.platform);
  fields["qe_tcb_status"] = part_status(verdict.qe);
  fields["tdx_module_status"] = part_status(verdict.tdx_module);
  fields["advisories"] = all_advisories(verdict);
  fields["platform_advisories"] = part_advisories(verdict.platform);
  fields["qe_advisories"] = part_advisories(verdict.qe);
  fields["tdx_module_advisories"] = part_advisories(verdict.tdx_module);
  const bool matched = verdict.platform && verdict.platform->status;
  fields["matched_tcb_level_index"] = matched ? Fields(verdict.matched_level) : Fields();
  fields["platform_tcb_date"] = part_date(verdict.platform);
  fields["tcb_evaluation_data_number"] = verdict.qe ? Fields(verdict.tcb_evaluation_data_number) : Fields();
  fields["fmspc"] = verdict.pck ? Fields(to_hex(verdict.pck->fmspc)) : Fields();
  fields["ppid"] = verdict.pck ? Fields(to_hex(verdict.pck->ppid)) : Fields();
  fields["qe_id"] = to_hex(Bytes(quote.header.user_data).first(16));
  fields["tee"] = quote.is_tdx() ? "TDX" : "SGX";
  fields.update(identity_fields(quote.body));
  return fields;
}

std::string marked_as_simulation(const std::string& text) {
  std::string marked;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size() - 1) + 1;
    marked += "simulation: " + text.substr(start, end - start);
    start = end;
  }
  return marked;
}

}  // namespace cloister::dcap
