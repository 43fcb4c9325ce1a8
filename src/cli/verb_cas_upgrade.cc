// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_cas_upgrade.h"
#include <CLI/CLI.hpp>
#include "src/base/hex.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/upgrade/authorisation.h"
#include "src/cli/complain.h"
#include "src/cli/pinned_cas.h"
#include "src/cli/quote_sources.h"
#include "src/cli/read_file.h"

namespace cloister {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kUnusable = 2;
constexpr char kPath[] = "/v1/upgrade";

struct Options {
  std::string address, mrenclave, trusted_root;
  std::vector<std::string> tolerate, advisories;
  bool withdraw = false, json = false;
};

// What the successor must be; the status of a complaint otherwise.
int requirements_of(const Options& options, cas::CasRequirements& successor) {
  if (!read_hex(options.mrenclave, successor.mrenclave))
    return complain("--to-mrenclave " + options.mrenclave +
                        ": give 64 hexadecimal digits; `cloister cas measure` of the new version prints them",
                    kUnusable);
  successor.tolerate = options.tolerate;
  successor.advisories = options.advisories;
  std::string problem;
  if (!cas::policy_for_cas(successor, problem).ok()) return complain(problem, kUnusable);
  if (options.trusted_root.empty()) return 0;
  const auto root = read_root(options.trusted_root);
  if (!root.ok()) return complain("--trusted-root " + options.trusted_root + ": " + root.error().what(), kUnusable);
  if (!root.value().is_intels()) successor.simulation_root = root.value().key_hash();
  return 0;
}

// One request about upgrades and its answer, an object; the status of a complaint otherwise.
int ask(client::CasClient& client, const client::Question& question, Json& answer) {
  if (const int status = ask_pinned(client, question, answer); status != 0) return status;
  const bool complete = answer.contains("hand_overs") && answer["hand_overs"].is_number_unsigned() &&
                        answer.contains("mrenclave") && answer["mrenclave"].is_string();
  return complete ? 0 : malformed_answer(client);
}

Result<std::string> signed_text(const client::CasClient& client, const cas::CasRequirements& successor,
                                std::uint64_t hand_overs, std::string& problem) {
  const auto owner = TRY(client.state().owner_key(problem));
  const auto key = TRY(cas::private_key_from_pem(owner.key));
  const cas::Authorisation content{
      .cas_key_hash = client.pin().cas_key_hash, .hand_overs = hand_overs, .successor = successor};
  const auto bytes = cas::encode(TRY(cas::sign(content, *key)));
  return std::string(text_of(bytes));
}

int upgrade(const Options& options) {
  cas::CasRequirements successor;
  if (!options.withdraw)
    if (const int status = requirements_of(options, successor); status != 0) return status;
  std::string problem;
  auto client = client::CasClient::open(options.address, problem);
  if (!client.ok()) return complain(problem, kUnusable);
  Json answer;
  client::Question question{.method = "DELETE", .path = kPath};
  if (!options.withdraw) {
    if (const int status = ask(client.value(), {.path = kPath}, answer); status != 0) return status;
    const auto text = signed_text(client.value(), successor, answer["hand_overs"].get<std::uint64_t>(), problem);
    if (!text.ok()) return complain(problem.empty() ? text.error().what() : problem, kUnusable);
    question = {.method = "POST", .path = kPath, .content_type = "application/octet-stream", .body = text.value()};
  }
  if (const int status = ask(client.value(), question, answer); status != 0) return status;
  if (options.json) return print(answer.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n', 0);
  const std::string& name = client.value().pin().address;
  const std::string mark = client.value().pin().simulation ? "simulation: " : "";
  if (options.withdraw) return print(mark + name + ": no upgrade is authorised any more\n", 0);
  const std::string target = to_hex(successor.mrenclave);
  return print(mark + name + ": may hand over to MRENCLAVE " + target +
                   ". Start that version with `cloister cas serve --upgrade-from " + name +
                   " …` while this one runs; then `cloister cas attest " + name + " --mrenclave " + target + " …`\n",
               0);
}

}  // namespace

int cas_upgrade_verb(int argc, char** argv) {
  CLI::App app{
      "Lets a CAS that you own hand everything that it holds over to a new version of itself, which you name by its "
      "MRENCLAVE and sign. It asks for the hand-over itself when it is started, and is attested then. Exit status 0 "
      "authorised, 1 refused, 2 unusable input or no answer.",
      "cloister cas upgrade"};
  Options options;
  app.add_option("ADDR", options.address, "HOST[:PORT] of the CAS's API (the only one that is trusted)");
  auto* const target =
      app.add_option("--to-mrenclave", options.mrenclave, "What the new version measures: its `cloister cas measure`")
          ->type_name("HEX");
  app.add_option("--trusted-root", options.trusted_root,
                 "Certificate of a simulation's root, to accept the new version below it, too (Intel's alone)")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
  app.add_option("--tolerate", options.tolerate,
                 "A weakness of the new version's platform to accept, by the session language's name; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  app.add_option("--ignore-advisory", options.advisories, "An advisory to accept, INTEL-SA-NNNNN; may be repeated")
      ->allow_extra_args(false)
      ->type_name("ID");
  app.add_flag("--withdraw", options.withdraw, "Authorise no upgrade any more")->excludes(target);
  app.add_flag("--json", options.json, "Machine-readable output");
  app.footer("Example: cloister cas upgrade cas.example.org --to-mrenclave $(new/bin/cloister cas measure)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUnusable;
  }
  if (options.mrenclave.empty() && !options.withdraw)
    return complain("give --to-mrenclave HEX, which `cloister cas measure` of the new version prints, or --withdraw",
                    kUnusable);
  return upgrade(options);
}

}  // namespace cloister
