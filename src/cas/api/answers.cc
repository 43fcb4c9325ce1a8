// SPDX-License-Identifier: Apache-2.0
#include "src/cas/api/answers.h"

namespace cloister::cas {
namespace {

unsigned status_of(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::no_certificate: return 401;
    case Failure::Kind::not_found: return 404;
    case Failure::Kind::not_allowed: return 403;
    case Failure::Kind::not_public: return 405;
    case Failure::Kind::conflict:
    case Failure::Kind::overtaken: return 409;
    case Failure::Kind::invalid: return 422;
    case Failure::Kind::later: break;
  }
  return 503;
}

Json error_fields(const std::string& what, const std::string& hint, const yaml::Place& place) {
  Json fields{{"error", what}};
  if (!hint.empty()) fields["hint"] = hint;
  if (place.line > 0) fields["line"] = place.line;
  if (place.line > 0) fields["column"] = place.column;
  return fields;
}

}  // namespace

Response json_response(unsigned status, const Json& document) {
  // What clients sent may be no UTF-8.
  const std::string text = document.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  return {.status = status, .content_type = "application/json", .headers = {}, .body = secret_from(text)};
}

Response error_response(unsigned status, const std::string& what, const std::string& hint, const yaml::Place& place) {
  return json_response(status, error_fields(what, hint, place));
}

Response failure_response(const Failure& failure) {
  Response response = error_response(status_of(failure.kind), failure.what, failure.hint, failure.place);
  if (failure.kind == Failure::Kind::later) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Json problem_fields(const yaml::Problem& problem) { return error_fields(problem.what, problem.hint, problem.place); }

Json problem_list(const std::vector<yaml::Problem>& problems) {
  Json list = Json::array();
  for (const yaml::Problem& problem : problems) list.push_back(problem_fields(problem));
  return list;
}

}  // namespace cloister::cas
