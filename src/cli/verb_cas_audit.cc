// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_cas_audit.h"
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include "src/base/hex.h"
#include "src/cli/complain.h"
#include "src/cli/read_file.h"
#include "src/client/audit_reader.h"
#include "src/dcap/time.h"
#include "src/release/messages.h"

namespace cloister {
namespace {

constexpr auto kPollInterval = std::chrono::seconds(1);

struct Options {
  std::string address;
  std::uint64_t count = 20;
  bool follow = false, from_checkpoint = false, json = false;
};

// How a program ended. Where its enclave did not say it, the row's text does.
std::string end_of(const audit::Entry& entry) {
  const std::string value = std::to_string(entry.value);
  switch (static_cast<release::Exit::Kind>(entry.code)) {
    case release::Exit::Kind::exited: return "  exit status " + value;
    case release::Exit::Kind::signal: return "  signal " + value;
    case release::Exit::Kind::stopped: return "  stopped by the runtime, status " + value;
  }
  return {};
}

// One line for people; what strangers sent has no control characters.
std::string line_of(const audit::Entry& entry) {
  std::string line = std::to_string(entry.sequence) + "  " +
                     dcap::iso_time(static_cast<dcap::UnixTime>(entry.time / 1000)) + "  " + name(entry.kind);
  if (!entry.subject.empty()) line += "  " + entry.subject;
  line += std::string("  by ") + name(entry.actor.kind);
  if (entry.actor.identity != audit::Digest{}) line += ' ' + to_hex(entry.actor.identity).substr(0, 16);
  if (!entry.reference.empty()) line += "  reference " + entry.reference;
  if (entry.kind == audit::Kind::service_exited) line += end_of(entry);
  if (!entry.text.empty()) line += "  " + entry.text;
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = '?';
  return line + '\n';
}

int status_of(const Error& error) { return error.code() == Errc::mismatch ? 1 : 2; }

// The lines of an export that are entries, without its first and last line.
std::string entry_lines(const std::string& text) {
  const std::size_t first = text.find('\n') + 1;
  const std::size_t last = text.rfind("{\"head\"");
  return last == text.npos || last < first ? std::string() : text.substr(first, last - first);
}

int tail(const Options& options, client::CasClient& client) {
  // Whatever the answer says, it brings the newest head.
  std::string problem;
  if (!client.ask({.path = "/v1/version"}, problem).ok()) return complain(problem, 2);
  const std::uint64_t newest = client.pin().seen.sequence;
  std::uint64_t next = newest - std::min(newest, options.count) + 1;
  client::AuditReader reader(client);
  for (;;) {
    const auto part = reader.read(next, problem);
    if (!part.ok()) return complain(problem, status_of(part.error()));
    std::string text;
    if (options.json) text = entry_lines(reader.text());
    if (!options.json)
      for (const audit::Entry& entry : part.value().entries) text += line_of(entry);
    if (const int status = print(text, 0); status != 0) return status;
    next += part.value().entries.size();
    if (next <= client.pin().seen.sequence) continue;
    if (!options.follow) return 0;
    std::this_thread::sleep_for(kPollInterval);
  }
}

int verify(const Options& options, client::CasClient& client) {
  const audit::Position checkpoint = client.pin().seen;
  client::AuditReader reader(client);
  const std::uint64_t first = options.from_checkpoint ? checkpoint.sequence + 1 : 1;
  std::string problem;
  std::uint64_t next = first;
  audit::Position end;
  do {
    const auto part = reader.read(next, problem);
    if (!part.ok()) return complain(client.pin().address + ": " + problem, status_of(part.error()));
    next += part.value().entries.size();
    end = part.value().head.at;
  } while (next <= client.pin().seen.sequence);
  const std::string mark = client.pin().simulation ? "simulation: " : "";
  if (!options.json)
    return print(mark + client.pin().address + ": entries " + std::to_string(first) + " to " +
                     std::to_string(end.sequence) + " are whole and signed, and continue the checkpoint at entry " +
                     std::to_string(checkpoint.sequence) + '\n',
                 0);
  const nlohmann::ordered_json fields{{"ok", true},
                                      {"simulation", client.pin().simulation},
                                      {"first", first},
                                      {"last", end.sequence},
                                      {"hash", to_hex(end.hash)},
                                      {"checkpoint", checkpoint.sequence}};
  return print(fields.dump() + '\n', 0);
}

}  // namespace

int cas_audit_verb(int argc, char** argv) {
  CLI::App app{
      "The audit log of a CAS that you trust and own. Exit status 0 good, 1 it is not what it must be, 2 no answer.",
      "cloister cas audit"};
  app.require_subcommand(1);
  Options options;
  CLI::App* const tail_verb = app.add_subcommand("tail", "Show the newest entries");
  tail_verb->add_option("-n,--lines", options.count, "How many (20)")->type_name("N");
  tail_verb->add_flag("-f,--follow", options.follow, "Go on with those to come");
  CLI::App* const verify_verb =
      app.add_subcommand("verify", "Check that the log is whole, signed, and continues what was seen of it before");
  verify_verb->add_flag("--from-checkpoint", options.from_checkpoint, "Only what is newer than the last checkpoint");
  for (CLI::App* const verb : {tail_verb, verify_verb}) {
    verb->add_option("--cas", options.address, "Which CAS (the only one that is trusted)")->type_name("ADDR");
    verb->add_flag("--json", options.json, "Machine-readable output");
  }
  app.footer("Example: cloister cas audit tail --follow");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::string problem;
  auto client = client::CasClient::open(options.address, problem);
  if (!client.ok()) return complain(problem, 2);
  return *tail_verb ? tail(options, client.value()) : verify(options, client.value());
}

}  // namespace cloister
