// SPDX-License-Identifier: Apache-2.0
#include "src/cas/policy/decide.h"
#include <algorithm>
#include <cstring>
#include <iterator>
#include "src/base/hex.h"
#include "src/cas/policy/tolerance.h"
#include "src/cas/policy/variants.h"

namespace cloister::cas {
namespace {

// What an enclave may be without anybody's leave; DEBUG with it. CET and AEX-Notify protect and have no word in the
// language, PROVISIONKEY and EINITTOKENKEY give rights over the platform that no program needs.
constexpr std::uint64_t kAllowedAttributes =
    sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss | sgx::kAttributeCet | sgx::kAttributeAexNotify;

// One decision. Each check adds to the refusals; none depends on another, so that each is seen to refuse by itself.
class Checks {
 public:
  Checks(const session::Session& session, const dcap::Verified<dcap::Quote>& quote, const session::Lookup& lookup)
      : session_(session),
        quote_(quote),
        lookup_(lookup),
        settings_(session, lookup),
        tolerance_(session.security, settings_) {}

  std::vector<Refusal> run(const session::Service& service, const sgx::ReportBody& report) {
    check_features();
    check_mode();
    check_root();
    check_attributes(report.attributes.flags);
    add(tolerance_.refusals(quote_));
    add(variant_refusals(service, report, settings_));
    return std::move(refusals_);
  }

 private:
  void check_features();
  void check_mode();
  void check_root();
  void check_attributes(std::uint64_t flags);
  void refuse(Cause cause, std::string text) { refusals_.push_back({cause, std::move(text)}); }
  void add(std::vector<Refusal> more) {
    refusals_.insert(refusals_.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }

  const session::Session& session_;
  const dcap::Verified<dcap::Quote>& quote_;
  const session::Lookup& lookup_;
  const Settings settings_;
  const Tolerance tolerance_;
  std::vector<Refusal> refusals_;
};

// Such a session is refused when it is created. If one is here nevertheless, what it asks for must not be passed over.
void Checks::check_features() {
  for (const session::FeatureUse& use : unserved_features(session_))
    refuse(Cause::feature_not_served, "the session uses " + full_name(*use.feature) + ", which is not served");
}

void Checks::check_mode() {
  const auto mode = settings_.value(session_.security.mode);
  if (mode == session::AttestationMode::hardware) return;
  refuse(Cause::attestation_mode, "attestation mode " +
                                      (mode ? std::string(text_of(*mode)) : session_.security.mode.variable.text) +
                                      ", only hardware releases");
}

void Checks::check_root() {
  if (auto refusal = root_refusal(session_, quote_.root(), lookup_)) refusals_.push_back(std::move(*refusal));
}

void Checks::check_attributes(std::uint64_t flags) {
  if ((flags & sgx::kAttributeDebug) != 0 && !tolerance_.tolerates(session::Toleration::debug_mode))
    refuse(Cause::debug_enclave,
           "a debug enclave, whose memory its host can read (accepted with tolerate: [debug-mode])");
  const std::uint64_t others = flags & ~(kAllowedAttributes | sgx::kAttributeDebug);
  if (others == 0) return;
  std::uint8_t digits[8];
  for (int i = 0; i < 8; ++i) digits[i] = static_cast<std::uint8_t>(others >> (8 * (7 - i)));
  refuse(Cause::attributes, "ATTRIBUTES " + to_hex(digits) + ", which no policy can allow");
}

}  // namespace

std::optional<Refusal> root_refusal(const session::Session& session, const dcap::TrustAnchor& root,
                                    const session::Lookup& lookup) {
  const Settings settings(session, lookup);
  const auto& named = session.security.insecure_simulation_root;
  if (root.is_intels() || (named && settings.value(*named) == root.key_hash())) return std::nullopt;
  return Refusal{Cause::root, std::string(root.simulation ? "a simulated enclave" : "a quote") + " below root " +
                                  to_hex(root.key_hash()) + ", the session allows Intel's" +
                                  (named ? " and " + Settings::shown(*named)
                                         : std::string(" (accepted with insecure_simulation_root)"))};
}

Decision PolicyMatch::decide(const session::Session& session, std::string_view service_name,
                             const dcap::Verified<dcap::Quote>& quote, const session::Lookup& lookup) {
  const session::Service* const service = session.service(service_name);
  const auto* const report = std::get_if<sgx::ReportBody>(&quote.body());
  Decision decision;
  if (!service)
    decision.refusals.push_back({Cause::no_attestation, "the session has no service " + std::string(service_name)});
  if (!report) decision.refusals.push_back({Cause::tee, "a quote of a trust domain, only SGX enclaves are served"});
  if (!service || !report) return decision;
  decision.refusals = Checks(session, quote, lookup).run(*service, *report);
  if (decision.refusals.empty()) decision.match = PolicyMatch(session, *service, *report);
  return decision;
}

bool PolicyMatch::is_of(const dcap::Verified<dcap::Quote>& quote) const {
  const auto* const report = std::get_if<sgx::ReportBody>(&quote.body());
  return report && std::memcmp(report, &report_, sizeof report_) == 0;
}

}  // namespace cloister::cas
