// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ctime>
#include <memory>
#include "src/cli/read_file.h"
#include "src/cli/verb_quote.h"
#include "src/dcap/collateral_files.h"
#include "src/dcap/verdict_fields.h"
#include "src/pccs/collect.h"
#include "src/sgx/field_text.h"

namespace cloister {
namespace {

using dcap::CollateralKind;
using Fields = nlohmann::ordered_json;
constexpr const char* kVerb = "quote verify";

struct Options {
  std::string quote, trusted_root, pccs, pccs_ca, cache;
  std::array<std::string, dcap::kCollateralKinds> files;
  dcap::UnixTime time = std::time(nullptr);
  bool json = false;
};

std::string rendered(const Fields& fields, bool json) {
  // Names in certificates are whatever their issuer wrote, so that they may be no UTF-8.
  if (json) return fields.dump(-1, ' ', false, Fields::error_handler_t::replace) + '\n';
  const std::string text = sgx::field_text(fields);
  return fields.value("simulation", false) ? dcap::marked_as_simulation(text) : text;
}

// The answer where there can be no verdict: unusable input, or no collateral.
int no_verdict(const Options& options, const std::string& input, const Error& error, int status) {
  unusable(kVerb, input, error);
  if (options.json) print(rendered({{"status", nullptr}, {"error", input + ": " + error.what()}}, true), status);
  return status;
}

bool read_named_files(const Options& options, dcap::CollateralFiles& files, int& status) {
  for (std::size_t i = 0; i < dcap::kCollateralKinds; ++i) {
    const std::string& path = options.files[i];
    if (path.empty()) continue;
    auto bytes = read_file(path, size_limit(static_cast<CollateralKind>(i)));
    if (!bytes.ok()) return status = no_verdict(options, path, bytes.error(), 2), false;
    if (bytes.value().empty()) return status = no_verdict(options, path, Error(Errc::invalid, "is empty"), 2), false;
    files.files[i] = {std::move(bytes).take(), path};
  }
  return true;
}

Result<dcap::TrustAnchor> read_root(const std::string& path) {
  const auto bytes = TRY(read_file(path, dcap::size_limit(CollateralKind::tcb_signing)));
  const auto list = TRY(dcap::parse_certificates(bytes));
  const auto root = std::ranges::find_if(list, &dcap::Certificate::names_itself);
  return dcap::TrustAnchor::from_certificate(root == list.end() ? list.front() : *root);
}

int show(const Options& options, const dcap::Quote& quote, const dcap::Judgement& judgement) {
  const Fields fields = verdict_fields(quote, judgement);
  const auto& error = judgement.verdict.error;
  if (error) {
    std::fprintf(stderr, "%scloister %s: %s: %s\n", judgement.verdict.simulation ? "simulation: " : "", kVerb,
                 options.quote.c_str(), error->what());
  }
  return print(rendered(fields, options.json), error ? 1 : 0);
}

// Without a cache directory or a service the files named are all there is.
Result<pccs::Sources> open_sources(const Options& options) {
  pccs::Sources sources;
  if (!options.cache.empty()) sources.cache.emplace(options.cache);
  if (!options.pccs.empty()) sources.service.emplace(TRY(pccs::Service::open(options.pccs, options.pccs_ca)));
  return sources;
}

// A quote whose own certificates cannot be read says nothing of what else it needs, and needs nothing else to be
// refused.
void collect_missing(const pccs::Sources& sources, const Options& options, const dcap::Quote& quote, dcap::Cache& cache,
                     dcap::CollateralFiles& files) {
  if (!sources.cache && !sources.service) return;
  const auto request = collateral_request(quote, cache);
  if (!request.ok()) return;
  std::string problem;
  collect(sources, request.value(), options.time, cache, files, problem);
  if (!problem.empty()) std::fprintf(stderr, "cloister %s: %s\n", kVerb, problem.c_str());
}

// Why there can be no verdict where a document is missing or cannot be read.
int no_collateral(const Options& options, const dcap::Quote& quote, const dcap::CollateralFiles& files,
                  CollateralKind culprit, const Error& error, dcap::Cache& cache) {
  const std::string& source = files[culprit].source;
  if (!files[culprit].bytes.empty()) return no_verdict(options, source, error, 2);
  if (const auto request = collateral_request(quote, cache); !request.ok())
    return no_verdict(options, options.quote, request.error(), 1);
  return no_verdict(options, name(culprit), Error(Errc::invalid, "is missing: name a file, --cache or --pccs"), 2);
}

int verify(const Options& options) {
  const auto bytes = read_file(options.quote, dcap::kQuoteSizeLimit);
  if (!bytes.ok()) return no_verdict(options, options.quote, bytes.error(), 2);
  const auto quote = dcap::parse_quote(bytes.value());
  if (!quote.ok()) return no_verdict(options, options.quote, quote.error(), 2);
  const auto root = read_root(options.trusted_root);
  if (!root.ok()) return no_verdict(options, options.trusted_root, root.error(), 2);
  const auto sources = open_sources(options);
  if (!sources.ok()) return no_verdict(options, options.pccs, sources.error(), 2);
  dcap::CollateralFiles files;
  int status = 2;
  if (!read_named_files(options, files, status)) return status;
  dcap::Cache cache;
  collect_missing(sources.value(), options, quote.value(), cache, files);
  CollateralKind culprit{};
  const auto collateral = parse_collateral(files, cache, culprit);
  if (!collateral.ok()) return no_collateral(options, quote.value(), files, culprit, collateral.error(), cache);
  if (!collateral.value().tcb_signing && !root.value().knows_its_tcb_signer())
    return no_collateral(options, quote.value(), files, CollateralKind::tcb_signing, Error(Errc::invalid, ""), cache);
  return show(options, quote.value(),
              dcap::Verified<dcap::Quote>::judge(quote.value(), collateral.value(), root.value(), options.time, cache));
}

}  // namespace

void add_quote_verify(CLI::App& noun, int& exit_status) {
  CLI::App* const verb = noun.add_subcommand("verify",
                                             "Judge a quote. Exit status 0 the signature chain verifies, 1 it does "
                                             "not, 2 unusable input. Whether the status is "
                                             "good enough is the caller's decision");
  const auto options = std::make_shared<Options>();
  const auto file = [&](const char* flag, CollateralKind kind, const char* description) {
    verb->add_option(flag, options->files[static_cast<std::size_t>(kind)], description)->type_name("FILE");
  };
  verb->add_option("--quote", options->quote, "The quote")->required()->type_name("FILE");
  verb->add_option("--trusted-root", options->trusted_root, "Certificate of the root CA to trust; its key counts")
      ->required()
      ->type_name("FILE");
  file("--tcb-info", CollateralKind::tcb_info, "Signed TCB info, as Intel's service sends it");
  file("--qe-identity", CollateralKind::qe_identity, "Signed identity of the quoting enclave");
  file("--pck-crl", CollateralKind::pck_crl, "CRL of the CA that issued the PCK certificate (DER, PEM or hexadecimal)");
  file("--root-crl", CollateralKind::root_crl, "CRL of the root CA");
  file("--pck-ca-cert", CollateralKind::pck_ca, "The CA that must have issued PCK certificate and PCK CRL");
  file("--tcb-signing-cert", CollateralKind::tcb_signing,
       "Who signed TCB info and QE identity; may have the root behind it");
  verb->add_option("--cache", options->cache, "Directory with collateral; what is fetched is kept there")
      ->type_name("DIR");
  verb->add_option("--pccs", options->pccs, "Fetch what is missing from a PCCS, or Intel's PCS (https://…)")
      ->type_name("URL");
  verb->add_option("--pccs-ca", options->pccs_ca, "Certificates that vouch for the PCCS instead of the system's")
      ->type_name("FILE");
  verb->add_option("--time", options->time, "Judge dates at this time, in seconds since 1970 (now)")->type_name("UNIX");
  verb->add_flag("--json", options->json, "Machine-readable output, one line");
  verb->callback([options, &exit_status] { exit_status = verify(*options); });
}

}  // namespace cloister
