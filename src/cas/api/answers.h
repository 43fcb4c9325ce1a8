// SPDX-License-Identifier: Apache-2.0
// The forms that answers of CAS's API have. Inside CAS's enclave; pure.
#pragma once
#include <nlohmann/json.hpp>
#include "src/cas/api/http.h"
#include "src/cas/sessions/outcome.h"
#include "src/session/read_session.h"

namespace cloister::cas {

using Json = nlohmann::ordered_json;

Response json_response(unsigned status, const Json& document);
// {"error", "hint", "line", "column"}, the last two where there is a place.
Response error_response(unsigned status, const std::string& what, const std::string& hint,
                        const yaml::Place& place = {.line = 0, .column = 0});
Response failure_response(const Failure& failure);
Json problem_fields(const yaml::Problem& problem);
Json problem_list(const std::vector<yaml::Problem>& problems);

}  // namespace cloister::cas
