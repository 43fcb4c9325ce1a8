// SPDX-License-Identifier: Apache-2.0
// Questions to a CAS that is trusted, whose answer is one JSON object. Owner's side.
#pragma once
#include <nlohmann/json.hpp>
#include "src/client/cas_client.h"

namespace cloister {

// The exit status of a verb: 0, or, after it was said, 1 where CAS refused or is another one, and 2 where there was no
// answer that could be used.
int ask_pinned(client::CasClient& client, const client::Question& question, nlohmann::ordered_json& answer);
// For an object that lacks what the verb needs.
int malformed_answer(const client::CasClient& client);

}  // namespace cloister
