// SPDX-License-Identifier: Apache-2.0
#include "src/cli/quote_sources.h"
#include <algorithm>
#include <optional>
#include "src/cli/read_file.h"
#include "src/pccs/collect.h"

namespace cloister {
namespace {

using dcap::CollateralKind;

std::optional<NoVerdict> read_named_files(const QuoteSources& sources, dcap::CollateralFiles& files) {
  for (std::size_t i = 0; i < dcap::kCollateralKinds; ++i) {
    const std::string& path = sources.files[i];
    if (path.empty()) continue;
    auto bytes = read_file(path, size_limit(static_cast<CollateralKind>(i)));
    if (!bytes.ok()) return NoVerdict{path, bytes.error(), 2};
    if (bytes.value().empty()) return NoVerdict{path, Error(Errc::invalid, "is empty"), 2};
    files.files[i] = {std::move(bytes).take(), path};
  }
  return std::nullopt;
}

// Without a cache directory or a service the files named are all there is.
Result<pccs::Sources> open_sources(const QuoteSources& sources) {
  pccs::Sources opened;
  if (!sources.cache.empty()) opened.cache.emplace(sources.cache);
  if (!sources.pccs.empty()) opened.service.emplace(TRY(pccs::Service::open(sources.pccs, sources.pccs_ca)));
  return opened;
}

// A quote whose own certificates cannot be read says nothing of what else it needs, and needs nothing else to be
// refused.
void collect_missing(const char* verb, const pccs::Sources& sources, dcap::UnixTime time, const dcap::Quote& quote,
                     dcap::Cache& cache, dcap::CollateralFiles& files) {
  if (!sources.cache && !sources.service) return;
  const auto request = collateral_request(quote, cache);
  if (!request.ok()) return;
  std::string problem;
  collect(sources, request.value(), time, cache, files, problem);
  if (!problem.empty()) std::fprintf(stderr, "cloister %s: %s\n", verb, problem.c_str());
}

// Why there can be no verdict where a document is missing or cannot be read.
NoVerdict no_collateral(const std::string& file, const dcap::Quote& quote, const dcap::CollateralFiles& files,
                        CollateralKind culprit, const Error& error, dcap::Cache& cache) {
  if (!files[culprit].bytes.empty()) return {files[culprit].source, error, 2};
  if (const auto request = collateral_request(quote, cache); !request.ok()) return {file, request.error(), 1};
  return {name(culprit), Error(Errc::invalid, "is missing: name a file, --cache or --pccs"), 2};
}

}  // namespace

Result<dcap::TrustAnchor> read_root(const std::string& path) {
  const auto bytes = TRY(read_file(path, dcap::size_limit(CollateralKind::tcb_signing)));
  const auto list = TRY(dcap::parse_certificates(bytes));
  const auto root = std::ranges::find_if(list, &dcap::Certificate::names_itself);
  return dcap::TrustAnchor::from_certificate(root == list.end() ? list.front() : *root);
}

std::variant<dcap::Judgement, NoVerdict> judge_quote(const char* verb, const std::string& file,
                                                     const dcap::Quote& quote, const QuoteSources& sources) {
  const auto root = read_root(sources.trusted_root);
  if (!root.ok()) return NoVerdict{sources.trusted_root, root.error(), 2};
  const auto opened = open_sources(sources);
  if (!opened.ok()) return NoVerdict{sources.pccs, opened.error(), 2};
  dcap::CollateralFiles files;
  if (auto unusable = read_named_files(sources, files)) return *std::move(unusable);
  dcap::Cache cache;
  collect_missing(verb, opened.value(), sources.time, quote, cache, files);
  CollateralKind culprit{};
  const auto collateral = parse_collateral(files, cache, culprit);
  if (!collateral.ok()) return no_collateral(file, quote, files, culprit, collateral.error(), cache);
  if (!collateral.value().tcb_signing && !root.value().knows_its_tcb_signer())
    return no_collateral(file, quote, files, CollateralKind::tcb_signing, Error(Errc::invalid, ""), cache);
  return dcap::Verified<dcap::Quote>::judge(quote, collateral.value(), root.value(), sources.time, cache);
}

void add_quote_sources(CLI::App& verb, QuoteSources& sources) {
  const auto file = [&](const char* flag, CollateralKind kind, const char* description) {
    verb.add_option(flag, sources.files[static_cast<std::size_t>(kind)], description)->type_name("FILE");
  };
  verb.add_option("--trusted-root", sources.trusted_root, "Certificate of the root CA to trust; its key counts")
      ->required()
      ->type_name("FILE");
  file("--tcb-info", CollateralKind::tcb_info, "Signed TCB info, as Intel's service sends it");
  file("--qe-identity", CollateralKind::qe_identity, "Signed identity of the quoting enclave");
  file("--pck-crl", CollateralKind::pck_crl, "CRL of the CA that issued the PCK certificate (DER, PEM or hexadecimal)");
  file("--root-crl", CollateralKind::root_crl, "CRL of the root CA");
  file("--pck-ca-cert", CollateralKind::pck_ca, "The CA that must have issued PCK certificate and PCK CRL");
  file("--tcb-signing-cert", CollateralKind::tcb_signing,
       "Who signed TCB info and QE identity; may have the root behind it");
  verb.add_option("--cache", sources.cache, "Directory with collateral; what is fetched is kept there")
      ->type_name("DIR");
  verb.add_option("--pccs", sources.pccs, "Fetch what is missing from a PCCS, or Intel's PCS (https://…)")
      ->type_name("URL");
  verb.add_option("--pccs-ca", sources.pccs_ca, "Certificates that vouch for the PCCS instead of the system's")
      ->type_name("FILE");
  verb.add_option("--time", sources.time, "Judge dates at this time, in seconds since 1970 (now)")->type_name("UNIX");
}

}  // namespace cloister
