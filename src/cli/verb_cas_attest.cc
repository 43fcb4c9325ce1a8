// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_cas_attest.h"
#include <openssl/rand.h>
#include <algorithm>
#include "src/base/hex.h"
#include "src/cas/policy/cas_policy.h"
#include "src/cas/policy/decide.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/upgrade/confirmation.h"
#include "src/cli/complain.h"
#include "src/cli/pinned_cas.h"
#include "src/cli/quote_sources.h"
#include "src/cli/read_file.h"
#include "src/cli/unpinned_cas.h"
#include "src/client/cas_answer.h"
#include "src/client/cas_client.h"
#include "src/dcap/verdict_fields.h"
#include "src/sgx/field_text.h"

namespace cloister {
namespace {

using Fields = nlohmann::ordered_json;
constexpr const char* kVerb = "cas attest";
constexpr int kRefused = 1, kUnusable = 2;

struct Options {
  std::string address, mrenclave, owner;
  std::vector<std::string> tolerate, advisories;
  QuoteSources sources;
  bool json = false;
};

// What the user demands of the CAS. The root is named with --trusted-root, which is how a simulation is accepted here.
std::optional<session::Session> policy_of(const Options& options, const dcap::TrustAnchor& root, std::string* problem) {
  cas::CasRequirements requirements{.mrenclave = {},
                                    .simulation_root = root.key_hash(),
                                    .tolerate = options.tolerate,
                                    .advisories = options.advisories};
  if (!read_hex(options.mrenclave, requirements.mrenclave)) {
    *problem = "--mrenclave " + options.mrenclave + ": give 64 hexadecimal digits; `cloister cas measure` prints them";
    return std::nullopt;
  }
  auto policy = cas::policy_for_cas(requirements, *problem);
  if (!policy.ok()) return std::nullopt;
  return std::move(policy).take();
}

struct Fetched {
  client::CasAnswer answer;
  client::Expected expected;
};
int fetch(const https::Url& url, Fetched& fetched) {
  if (RAND_bytes(fetched.expected.nonce.data(), fetched.expected.nonce.size()) != 1)
    return complain("no random numbers", kUnusable);
  UnpinnedAnswer said;
  // Whose key this is, the evidence will say.
  if (const int status = ask_unpinned(url, "/v1/attest?nonce=" + to_hex(fetched.expected.nonce), said); status != 0)
    return status;
  fetched.expected.server_key = std::move(said.server_key);
  auto answer = client::parse_cas_answer(said.body);
  if (!answer.ok()) return complain(client::address_of(url) + ": " + answer.error().what(), kRefused);
  fetched.answer = std::move(answer).take();
  return 0;
}

// Everything that must hold; the status of the first complaint otherwise.
int judge(const Options& options, const std::string& address, const Fetched& fetched, dcap::Judgement& judgement) {
  const auto quote = dcap::parse_quote(fetched.answer.quote);
  if (!quote.ok()) return complain(address + ": the quote: " + quote.error().what(), kRefused);
  auto judged = judge_quote(kVerb, address, quote.value(), options.sources);
  if (const auto* const why = std::get_if<NoVerdict>(&judged))
    return complain(why->input + ": " + why->error.what(), why->status);
  judgement = std::get<dcap::Judgement>(std::move(judged));
  const std::string mark = judgement.verdict.simulation ? "simulation: " : "";
  if (!judgement.verified)
    return complain(mark + address + ": the quote does not verify: " +
                        (judgement.verdict.error ? judgement.verdict.error->what() : "no verdict"),
                    kRefused);
  std::string problem;
  const auto policy = policy_of(options, judgement.verified->root(), &problem);
  if (!policy) return complain(problem, kUnusable);
  const auto decision =
      cas::decide(*policy, cas::kCasService, *judgement.verified, [](const auto&, auto) { return std::nullopt; });
  if (!decision.match) return complain(mark + address + ": refused: " + cas::text_of(decision.refusals), kRefused);
  const auto& report = std::get<sgx::ReportBody>(judgement.verified->body());
  if (!check_evidence(fetched.answer, report, fetched.expected, problem).ok())
    return complain(mark + address + ": " + problem, kRefused);
  return 0;
}

// A CAS with the same key is still the one that was seen before: then it may not have gone back.
int pin(const client::State& state, const client::Pin& attested, const audit::Head& head, client::Pin& pinned) {
  std::string problem, refusal;
  const auto changed = state.change_pins(
      [&](std::vector<client::Pin>& pins) {
        const auto known = std::ranges::find(pins, attested.cas_key_hash, &client::Pin::cas_key_hash);
        pinned = attested;
        if (known != pins.end()) pinned.seen = known->seen;
        client::Pin later = pinned;
        if (!see_head(later, head, refusal).ok()) return;
        if (known == pins.end()) pinned = later;
        std::erase_if(pins, [&](const client::Pin& one) {
          return one.cas_key_hash == attested.cas_key_hash || one.address == attested.address;
        });
        pins.push_back(pinned);
      },
      problem);
  if (!refusal.empty()) return complain(attested.address + ": " + refusal, kRefused);
  if (!changed.ok()) return complain(problem, kUnusable);
  if (pinned.seen == head.at) return 0;
  // A later head than was seen is judged as at every request.
  auto client = client::CasClient::open(state, attested.address, problem);
  const auto answer = client.ok() ? client.value().ask({.path = "/v1/version"}, problem) : client.error();
  if (!answer.ok()) return complain(problem, answer.error().code() == Errc::mismatch ? kRefused : kUnusable);
  pinned = client.value().pin();
  return 0;
}

// Of the user's own CAS: it keeps his word that its key is the one that was attested, and needs it when its processor's
// security version rises.
int confirm(const client::State& state, client::Pin& pinned) {
  std::string problem;
  const auto owner = state.owner_key(problem);
  if (!owner.ok()) return complain(problem, kUnusable);
  if (owner.value().hash != pinned.owner_key_hash) return 0;
  const auto signed_word = [&]() -> Result<std::vector<std::uint8_t>> {
    const auto key = TRY(cas::private_key_from_pem(owner.value().key));
    return cas::encode(TRY(cas::confirm(pinned.cas_key_hash, *key)));
  }();
  if (!signed_word.ok()) return complain(signed_word.error().what(), kUnusable);
  auto client = client::CasClient::open(state, pinned.address, problem);
  if (!client.ok()) return complain(problem, kUnusable);
  Fields answer;
  const int status = ask_pinned(client.value(),
                                {.method = "POST",
                                 .path = "/v1/confirmation",
                                 .content_type = "application/octet-stream",
                                 .body = std::string(text_of(signed_word.value()))},
                                answer);
  pinned = client.value().pin();
  return status;
}

int attest(const Options& options) {
  const auto url = client::cas_url(options.address);
  if (!url.ok()) return complain(options.address + " " + url.error().what(), kUnusable);
  std::string problem;
  const auto state = client::State::open(problem);
  if (!state.ok()) return complain(problem, kUnusable);
  Fetched fetched;
  if (options.owner.empty()) {
    const auto key = state.value().owner_key(problem);
    if (!key.ok()) return complain(problem, kUnusable);
    fetched.expected.owner_key_hash = key.value().hash;
  } else if (!read_hex(options.owner, fetched.expected.owner_key_hash)) {
    return complain("--owner " + options.owner + ": give 64 hexadecimal digits", kUnusable);
  }
  if (const int status = fetch(url.value(), fetched); status != 0) return status;
  const std::string address = client::address_of(url.value());
  dcap::Judgement judgement;
  if (const int status = judge(options, address, fetched, judgement); status != 0) return status;
  client::Pin attested{.address = address,
                       .cas_key_hash = release::sha256(fetched.answer.cas_key),
                       .audit_key = fetched.answer.audit_key,
                       .owner_key_hash = fetched.answer.owner_key_hash,
                       .simulation = judgement.verified->simulation(),
                       .attested = options.sources.time};
  const auto& report = std::get<sgx::ReportBody>(judgement.verified->body());
  std::ranges::copy(report.mrenclave, attested.mrenclave.begin());
  client::Pin pinned;
  if (const int status = pin(state.value(), attested, fetched.answer.head, pinned); status != 0) return status;
  if (const int status = confirm(state.value(), pinned); status != 0) return status;
  const Fields fields{{"address", address},
                      {"status", status_text(judgement.verdict)},
                      {"simulation", pinned.simulation},
                      {"mrenclave", to_hex(pinned.mrenclave)},
                      {"debug", (report.attributes.flags & sgx::kAttributeDebug) != 0},
                      {"owner_key_hash", to_hex(pinned.owner_key_hash)},
                      {"cas_key_hash", to_hex(pinned.cas_key_hash)},
                      {"audit_key", to_hex(pinned.audit_key)},
                      {"audit_sequence", pinned.seen.sequence},
                      {"audit_hash", to_hex(pinned.seen.hash)}};
  if (options.json) return print(fields.dump() + '\n', 0);
  const std::string text = sgx::field_text(fields);
  return print(pinned.simulation ? dcap::marked_as_simulation(text) : text, 0);
}

}  // namespace

int cas_attest_verb(int argc, char** argv) {
  CLI::App app{
      "Asks a CAS for its evidence, verifies that it is the enclave that you measured, that it is yours, and that the "
      "connection ends in it; then remembers its keys, so that other commands talk to it and to nobody else, and tells "
      "it that you have confirmed its key. Exit "
      "status "
      "0 trusted, 1 refused, 2 unusable input or no answer.",
      "cloister cas attest"};
  Options options;
  app.add_option("ADDR", options.address, "HOST[:PORT] of the CAS's API (8081)")->required();
  app.add_option("--mrenclave", options.mrenclave, "What the CAS must measure: `cloister cas measure`")
      ->required()
      ->type_name("HEX");
  app.add_option("--owner", options.owner, "Whose CAS it must be: the hash of a key (your own)")->type_name("KEYHASH");
  app.add_option("--tolerate", options.tolerate,
                 "A weakness to accept, by the session language's name; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  app.add_option("--ignore-advisory", options.advisories, "An advisory to accept, INTEL-SA-NNNNN; may be repeated")
      ->allow_extra_args(false)
      ->type_name("ID");
  add_quote_sources(app, options.sources);
  app.add_flag("--json", options.json, "Machine-readable output, one line");
  app.footer(
      "Example: cloister cas attest cas.example.org --mrenclave $(cloister cas measure) --trusted-root intel-root.pem "
      "--pccs https://api.trustedservices.intel.com");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUnusable;
  }
  return attest(options);
}

}  // namespace cloister
