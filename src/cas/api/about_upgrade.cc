// SPDX-License-Identifier: Apache-2.0
// What the API does for upgrades: the owner authorises one, the successor asks for it. And the owner's word that lets a
// store go on after an update of the processor.
#include "src/base/hex.h"
#include "src/cas/api/answers.h"
#include "src/cas/api/api.h"

namespace cloister::cas {
namespace {

Response state_response(const Outcome<UpgradeState>& outcome) {
  if (!outcome.ok()) return failure_response(outcome.failure());
  const UpgradeState& state = outcome.value();
  Json fields{{"mrenclave", to_hex(state.mrenclave)}, {"hand_overs", state.hand_overs}, {"authorised", nullptr}};
  if (state.authorised) {
    Json successor{{"mrenclave", to_hex(state.authorised->mrenclave)},
                   {"tolerate", state.authorised->tolerate},
                   {"ignore_advisories", state.authorised->advisories}};
    if (state.authorised->simulation_root)
      successor["insecure_simulation_root"] = to_hex(*state.authorised->simulation_root);
    fields["authorised"] = std::move(successor);
  }
  return json_response(200, fields);
}

}  // namespace

Response Api::upgrade(const Call& call) { return state_response(upgrades_.state(call.client)); }

Response Api::authorise_upgrade(const Call& call) {
  return state_response(upgrades_.authorise(call.request.body, call.client));
}

Response Api::withdraw_upgrade(const Call& call) { return state_response(upgrades_.withdraw(call.client)); }

Response Api::confirm(const Call& call) {
  const auto outcome = upgrades_.confirm(call.request.body, call.client);
  if (!outcome.ok()) return failure_response(outcome.failure());
  const Json fields{{"cas_key_hash", to_hex(outcome.value())}};
  return json_response(200, fields);
}

Response Api::hand_over(const Call& call) {
  const auto outcome = upgrades_.hand_over(call.request.body);
  if (!outcome.ok()) return failure_response(outcome.failure());
  return {.status = 200,
          .content_type = "application/octet-stream",
          .headers = {},
          .body = SecretBytes(outcome.value().begin(), outcome.value().end())};
}

}  // namespace cloister::cas
