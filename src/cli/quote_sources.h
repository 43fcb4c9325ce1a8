// SPDX-License-Identifier: Apache-2.0
// What verbs judge quotes with: the root to trust, collateral from files, a cache or a service, and the time. Owner's
// side.
#pragma once
#include <CLI/CLI.hpp>
#include <array>
#include <ctime>
#include <string>
#include <variant>
#include "src/dcap/collateral_files.h"

namespace cloister {

struct QuoteSources {
  std::string trusted_root, pccs, pccs_ca, cache;
  std::array<std::string, dcap::kCollateralKinds> files;
  dcap::UnixTime time = std::time(nullptr);
};
// --trusted-root, --tcb-info and its kin, --cache, --pccs, --pccs-ca, --time.
void add_quote_sources(CLI::App& verb, QuoteSources& sources);

// What --trusted-root names: the certificate in a file whose issuer is itself, or the first one.
Result<dcap::TrustAnchor> read_root(const std::string& path);

// Why there can be no verdict: unusable input, or no collateral.
struct NoVerdict {
  std::string input;
  Error error;
  int status;  // the exit status that it means
};
// `file` is what complaints call the quote. What could not be fetched is said on standard error, as `verb`'s.
std::variant<dcap::Judgement, NoVerdict> judge_quote(const char* verb, const std::string& file,
                                                     const dcap::Quote& quote, const QuoteSources& sources);

}  // namespace cloister
