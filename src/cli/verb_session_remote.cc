// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_session_remote.h"
#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/cas/sessions/version_hash.h"
#include "src/cli/complain.h"
#include "src/cli/read_file.h"
#include "src/cli/session_files.h"
#include "src/client/cas_client.h"
#include "src/session/diff.h"
#include "src/session/predecessor.h"

namespace cloister {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  SessionOptions session;
  std::string address, file, name, hash;
};

// What all of them have; -1 to go on.
int parse(CLI::App& app, int argc, char** argv, Options& options) {
  app.add_option("--cas", options.address, "Which CAS (the only one that is trusted)")->type_name("ADDR");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return -1;
}

int failed(const Error& error, const std::string& problem) {
  return complain(problem, error.code() == Errc::mismatch ? 1 : 2);
}

// A complaint about the text begins with its line and column, like those of `session check`.
int refused(const std::string& what, const https::Response& response) {
  const std::string why = client::error_text(response);
  const bool has_line = !why.empty() && why.front() >= '0' && why.front() <= '9';
  return complain(what + (has_line ? ":" : ": ") + why, response.status >= 500 ? 2 : 1);
}

std::string path_of(const std::string& name) {
  return "/v1/sessions/" + (name == "/" ? std::string("%2F") : https::percent_encoded(name));
}

std::string header_of(const https::Response& response, const char* name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? std::string() : found->second;
}

// Name and hash of what was written, and what CAS finds odd about it and nobody has told yet.
int show_written(const Options& options, const session::Report& told, const client::CasClient& client,
                 const https::Response& response) {
  const auto document = Json::parse(response.body.begin(), response.body.end(), nullptr, false);
  if (!document.is_object() || !document.contains("hash") || !document["hash"].is_string())
    return complain(client.pin().address + ": the answer is malformed", 2);
  if (options.session.json) return print(document.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n', 0);
  const auto warnings = document.find("warnings");
  if (warnings != document.end() && warnings->is_array())
    for (const Json& warning : *warnings) {
      if (!warning.is_object()) continue;
      const int line = warning.value("line", 0);
      const std::string what = warning.value("error", "");
      const bool known = std::ranges::any_of(
          told.warnings, [&](const yaml::Problem& one) { return one.place.line == line && one.what == what; });
      if (!known) complain(options.file + ':' + std::to_string(line) + ": warning: " + what, 0);
    }
  return print((client.pin().simulation ? "simulation: " : "") + document["hash"].get<std::string>() + '\n', 0);
}

int send(const Options& options, const session::Report& told, client::CasClient& client,
         const client::Question& question) {
  std::string problem;
  const auto response = client.ask(question, problem);
  if (!response.ok()) return failed(response.error(), problem);
  if (response.value().status >= 300) return refused(options.file, response.value());
  return show_written(options, told, client, response.value());
}

constexpr char kValuesHeader[] = "cloister-session-values", kHidden[] = "hidden";

// As it stands in the text, empty or not; nothing when it does not.
std::optional<std::string> predecessor_in(std::string_view text) {
  yaml::Problem problem;
  const auto document = yaml::parse(text, &problem);
  if (!document.ok()) return std::nullopt;
  const auto& keys = document.value().keys;
  const auto found = std::ranges::find(keys, "predecessor");
  if (found == keys.end()) return std::nullopt;
  return document.value().items[static_cast<std::size_t>(found - keys.begin())].text;
}

// What CAS keeps under the name of a session. Without its stated values nobody can say what else they are; the hash
// covers them nevertheless.
struct KeptSession {
  std::optional<session::Session> session;  // nothing where values are hidden
  std::optional<session::Hash> predecessor;
  session::Hash creator{};
};
std::optional<KeptSession> kept_session(const https::Response& response) {
  KeptSession kept;
  if (!read_hex(header_of(response, "cloister-session-creator"), kept.creator)) return std::nullopt;
  if (header_of(response, kValuesHeader) == kHidden) {
    const auto predecessor = predecessor_in(text_of(response.body));
    if (predecessor && !predecessor->empty() && !read_hex(*predecessor, kept.predecessor.emplace()))
      return std::nullopt;
    return kept;
  }
  session::Report report;
  kept.session = session::read_session(text_of(response.body), &report);
  if (!kept.session) return std::nullopt;
  kept.predecessor = kept.session->predecessor;
  return kept;
}

}  // namespace

int session_create_verb(int argc, char** argv) {
  CLI::App app{"Creates a session. Prints its hash.", "cloister session create"};
  Options options;
  app.add_option("FILE", options.file, "session in YAML, - for standard input")->required();
  add_session_options(app, &options.session);
  app.footer("Example: cloister session create shop.yaml --set MRENCLAVE=HEX");
  if (const int status = parse(app, argc, argv, options); status >= 0) return status;
  const SessionFile loaded = load_session(options.file, options.session);
  if (const int status = complain_about(loaded); status != 0) return status;
  std::string problem;
  auto client = client::CasClient::open(options.address, problem);
  if (!client.ok()) return failed(client.error(), problem);
  return send(options, loaded.report, client.value(),
              {.method = "POST", .path = "/v1/sessions", .content_type = "application/yaml", .body = loaded.text});
}

int session_update_verb(int argc, char** argv) {
  CLI::App app{
      "Replaces a session. Without `predecessor` in the file the version that is current now is replaced. Prints the "
      "new "
      "hash.",
      "cloister session update"};
  Options options;
  app.add_option("FILE", options.file, "session in YAML, - for standard input")->required();
  add_session_options(app, &options.session);
  app.footer("Example: cloister session update shop.yaml");
  if (const int status = parse(app, argc, argv, options); status >= 0) return status;
  const SessionFile loaded = load_session(options.file, options.session);
  if (const int status = complain_about(loaded); status != 0) return status;
  std::string problem;
  auto client = client::CasClient::open(options.address, problem);
  if (!client.ok()) return failed(client.error(), problem);
  const std::string path = path_of(loaded.session->name);
  std::string text = loaded.text;
  if (!loaded.session->predecessor) {
    const auto current = client.value().ask({.path = path}, problem);
    if (!current.ok()) return failed(current.error(), problem);
    if (current.value().status != 200) return refused(options.file, current.value());
    auto filled = session::with_predecessor(text, header_of(current.value(), "cloister-session-hash"));
    if (!filled) return complain(options.file + ": `predecessor` is empty; leave it out", 1);
    text = std::move(*filled);
  }
  return send(options, loaded.report, client.value(),
              {.method = "PUT", .path = path, .content_type = "application/yaml", .body = text});
}

int session_read_verb(int argc, char** argv) {
  CLI::App app{"Prints a session as it was sent. Generated secrets are not in it.", "cloister session read"};
  Options options;
  app.add_option("NAME", options.name, "its name")->required();
  app.add_option("--hash", options.hash, "An earlier version")->type_name("HEX");
  app.add_flag("--json", options.session.json, "machine-readable output");
  app.footer("Example: cloister session read shop/web > web.yaml");
  if (const int status = parse(app, argc, argv, options); status >= 0) return status;
  std::string problem;
  auto client = client::CasClient::open(options.address, problem);
  if (!client.ok()) return failed(client.error(), problem);
  const std::string query = options.hash.empty() ? "" : "?hash=" + https::percent_encoded(options.hash);
  const auto response = client.value().ask({.path = path_of(options.name) + query}, problem);
  if (!response.ok()) return failed(response.error(), problem);
  if (response.value().status != 200) return refused(options.name, response.value());
  const std::string text(response.value().body.begin(), response.value().body.end());
  if (!options.session.json && header_of(response.value(), kValuesHeader) == kHidden)
    complain("the values that " + options.name + " states are not shown: you may read it, not change it", 0);
  if (!options.session.json) return print(text, 0);
  const Json fields{{"name", options.name},
                    {"hash", header_of(response.value(), "cloister-session-hash")},
                    {"creator", header_of(response.value(), "cloister-session-creator")},
                    {"values", header_of(response.value(), kValuesHeader)},
                    {"simulation", client.value().pin().simulation},
                    {"session", text}};
  return print(fields.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n', 0);
}

int session_list_verb(int argc, char** argv) {
  CLI::App app{"Lists the names of sessions that you may see.", "cloister session list"};
  Options options;
  app.add_option("PREFIX", options.name, "what the names begin with");
  app.add_flag("--json", options.session.json, "machine-readable output");
  if (const int status = parse(app, argc, argv, options); status >= 0) return status;
  std::string problem;
  auto client = client::CasClient::open(options.address, problem);
  if (!client.ok()) return failed(client.error(), problem);
  const auto response =
      client.value().ask({.path = "/v1/sessions?prefix=" + https::percent_encoded(options.name)}, problem);
  if (!response.ok()) return failed(response.error(), problem);
  if (response.value().status != 200) return refused("list", response.value());
  const auto document = Json::parse(response.value().body.begin(), response.value().body.end(), nullptr, false);
  const auto names = document.is_object() ? document.find("sessions") : document.end();
  if (names == document.end() || !names->is_array())
    return complain(client.value().pin().address + ": the answer is malformed", 2);
  std::string text;
  for (const Json& name : *names)
    if (name.is_string()) text += name.get<std::string>() + '\n';
  return print(options.session.json ? document.dump() + '\n' : text, 0);
}

int session_verify_verb(int argc, char** argv) {
  CLI::App app{"Whether the session in a CAS is the one in a file. Exit status 0 it is, 1 it is not.",
               "cloister session verify"};
  Options options;
  app.add_option("FILE", options.file, "session in YAML, - for standard input")->required();
  add_session_options(app, &options.session);
  app.footer("Example: cloister session verify shop.yaml");
  if (const int status = parse(app, argc, argv, options); status >= 0) return status;
  SessionFile loaded = load_session(options.file, options.session);
  if (const int status = complain_about(loaded); status != 0) return status;
  std::string problem;
  auto client = client::CasClient::open(options.address, problem);
  if (!client.ok()) return failed(client.error(), problem);
  const auto response = client.value().ask({.path = path_of(loaded.session->name)}, problem);
  if (!response.ok()) return failed(response.error(), problem);
  if (response.value().status != 200) return refused(options.file, response.value());
  const auto kept = kept_session(response.value());
  if (!kept) return complain(client.value().pin().address + ": the answer is malformed", 2);
  if (!loaded.session->predecessor) loaded.session->predecessor = kept->predecessor;
  const std::string own = to_hex(cas::version_hash(*loaded.session, kept->creator));
  const std::string theirs = header_of(response.value(), "cloister-session-hash");
  const auto differences =
      kept->session ? session::differences(*kept->session, *loaded.session) : std::vector<session::Difference>();
  const bool same = own == theirs;
  if (options.session.json) {
    Json list = Json::array();
    for (const auto& one : differences) list.push_back(words_of(one));
    return print(Json{{"same", same}, {"hash", theirs}, {"hash_of_file", own}, {"differences", list}}.dump() + '\n',
                 same ? 0 : 1);
  }
  if (same)
    return print((client.value().pin().simulation ? "simulation: " : "") + loaded.session->name + " is as in " +
                     options.file + ", hash " + own + '\n',
                 0);
  for (const auto& one : differences) complain(words_of(one), 1);
  return complain(options.file + ": the session in CAS is another one, its hash is " + theirs + ", the file's " + own,
                  1);
}

}  // namespace cloister
