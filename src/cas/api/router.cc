// SPDX-License-Identifier: Apache-2.0
// Which request is answered by what.
#include <algorithm>
#include "src/audit/head_text.h"
#include "src/cas/api/answers.h"
#include "src/cas/api/api.h"

namespace cloister::cas {

const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> kRoutes = {
      {"GET", "/v1/version", {}, &Api::version},
      {"GET", "/v1/health", {}, &Api::health},
      {"GET", "/v1/ready", {}, &Api::ready},
      {"GET", "/v1/openapi.json", {}, &Api::description},
      {"GET", "/v1/attest", {"nonce"}, &Api::attest},
      {"GET", "/v1/attest/certificate", {"nonce"}, &Api::certificate},
      {"GET", "/v1/audit", {"from", "to"}, &Api::audit},
      {"POST", "/v1/clock:reset", {"time"}, &Api::reset_clock},
      {"POST", "/v1/confirmation", {}, &Api::confirm},
      {"GET", "/v1/sessions", {"prefix"}, &Api::list},
      {"POST", "/v1/sessions", {}, &Api::create},
      {"POST", "/v1/sessions:check", {}, &Api::check},
      {"GET", "/v1/sessions/{name}", {"hash"}, &Api::read},
      {"PUT", "/v1/sessions/{name}", {}, &Api::update},
      {"GET", "/v1/values/{name}", {}, &Api::values},
      {"GET", "/v1/upgrade", {}, &Api::upgrade},
      {"POST", "/v1/upgrade", {}, &Api::authorise_upgrade},
      {"DELETE", "/v1/upgrade", {}, &Api::withdraw_upgrade},
      {"POST", "/v1/upgrade:hand-over", {}, &Api::hand_over},
  };
  return kRoutes;
}

Api::Api(Sessions& sessions, SealedStore& store, Upgrades& upgrades, CasEvidence& evidence, CasIdentity identity,
         Readiness readiness)
    : sessions_(sessions),
      store_(store),
      upgrades_(upgrades),
      evidence_(evidence),
      identity_(std::move(identity)),
      readiness_(std::move(readiness)) {}

namespace {

// What a path has where a route says "{name}".
std::optional<std::string_view> open_part(std::string_view path, std::string_view pattern) {
  const std::size_t open = pattern.find("{name}");
  if (open == pattern.npos) return path == pattern ? std::optional<std::string_view>("") : std::nullopt;
  if (path.size() <= open || !path.starts_with(pattern.substr(0, open))) return std::nullopt;
  return path.substr(open);
}

}  // namespace

Response Api::dispatch(const Request& request, const ClientIdentity& client) {
  auto target = parse_target(request.target);
  if (!target.ok()) return error_response(400, target.error().what(), "GET /v1/openapi.json describes the API");
  std::string allowed;
  for (const Route& route : routes()) {
    const auto rest = open_part(target.value().path, route.path);
    if (!rest) continue;
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
    if (request.method != route.method) continue;
    for (const auto& [name, value] : target.value().query)
      if (std::ranges::find(route.parameters, name) == route.parameters.end())
        return error_response(400, "a parameter that " + std::string(route.path) + " does not have",
                              "GET /v1/openapi.json describes the API");
    if (upgrades_.handed_over() && route.answer != &Api::hand_over)
      return error_response(503, "this CAS was handed over to " + upgrades_.successor_text() + " and serves no more",
                            "start that version with `cloister cas serve --upgrade-from`");
    const auto name = unescaped(*rest);
    if (!name.ok()) return error_response(400, name.error().what(), "escapes are %XX");
    return (this->*route.answer)(
        {.request = request, .client = client, .query = std::move(target.value().query), .name = name.value()});
  }
  if (allowed.empty()) return error_response(404, "there is nothing here", "GET /v1/openapi.json describes the API");
  Response response = error_response(405, "not with this method", "allowed: " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

Response Api::handle(const Request& request, const ClientIdentity& client) {
  Response response = dispatch(request, client);
  response.headers.emplace_back(audit::kHeadHeader, audit::head_text(store_.head()));
  return response;
}

Response Api::refuse(unsigned status, const std::string& what, const std::string& hint) {
  Response response = error_response(status, what, hint);
  response.headers.emplace_back(audit::kHeadHeader, audit::head_text(store_.head()));
  return response;
}

}  // namespace cloister::cas
