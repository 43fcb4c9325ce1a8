// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_session_check.h"
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/cli/session_files.h"
#include "src/session/canonical.h"

namespace cloister {
namespace {
using Json = nlohmann::ordered_json;
using session::Session;

Json list_of(const std::vector<yaml::Problem>& problems) {
  Json list = Json::array();
  for (const yaml::Problem& one : problems)
    list.push_back({{"line", one.place.line}, {"column", one.place.column}, {"what", one.what}, {"hint", one.hint}});
  return list;
}

template <typename T>
Json names_of(const std::vector<T>& entries) {
  Json names = Json::array();
  for (const T& entry : entries) names.push_back(entry.name);
  return names;
}

Json features_of(const Session& session) {
  Json list = Json::array();
  for (const session::FeatureUse& use : session.uses)
    list.push_back({{"name", session::full_name(*use.feature)},
                    {"line", use.place.line},
                    {"column", use.place.column},
                    {"since", session::text_of(use.feature->since)},
                    {"served", use.feature->support == session::Support::served},
                    {"at_create", use.feature->support == session::Support::later ? "refused" : "accepted"}});
  return list;
}

Json document_of(const SessionFile& loaded) {
  Json document{{"file", loaded.file}, {"valid", loaded.session.has_value()}};
  if (!loaded.unusable.empty()) document["unusable"] = loaded.unusable;
  document["problems"] = list_of(loaded.report.problems);
  document["warnings"] = list_of(loaded.report.warnings);
  if (!loaded.session) return document;
  const Session& session = *loaded.session;
  document["session"] = {{"name", session.name},
                         {"version", session::text_of(session.version)},
                         {"predecessor", session.predecessor ? Json(to_hex(*session.predecessor)) : Json()},
                         {"services", names_of(session.services)},
                         {"images", names_of(session.images)},
                         {"secrets", names_of(session.secrets)},
                         {"volumes", names_of(session.volumes)},
                         {"hash", to_hex(session::session_hash(session))}};
  document["features"] = features_of(session);
  document["served"] = session::unserved_features(session).empty();
  return document;
}

void print_summary(const SessionFile& loaded) {
  const Session& session = *loaded.session;
  std::printf("%s: ok, session %s in version %s, %zu services, %zu secrets\n", loaded.file.c_str(),
              session.name.c_str(), session::text_of(session.version).c_str(), session.services.size(),
              session.secrets.size());
  for (const session::FeatureUse& use : session::unserved_features(session))
    std::printf("%s:%d:%d: not served yet: %s\n", loaded.file.c_str(), use.place.line, use.place.column,
                session::full_name(*use.feature).c_str());
}
}  // namespace

int session_check_verb(int argc, char** argv) {
  CLI::App app{"Checks sessions. Exit status 0: all valid, 1: one is not, 2: one could not be read.",
               "cloister session check"};
  SessionOptions options;
  std::vector<std::string> files;
  app.add_option("FILE", files, "session in YAML; - is standard input")->required();
  add_session_options(app, &options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUnusableInput;
  }
  int status = 0;
  Json documents = Json::array();
  for (const std::string& file : files) {
    const SessionFile loaded = load_session(file, options);
    if (options.json) {
      documents.push_back(document_of(loaded));
      status = std::max(status, !loaded.unusable.empty() ? kUnusableInput : loaded.session ? 0 : kInvalidSession);
      continue;
    }
    status = std::max(status, complain_about(loaded));
    if (loaded.session) print_summary(loaded);
  }
  if (options.json) std::printf("%s\n", documents.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return status;
}
}  // namespace cloister
