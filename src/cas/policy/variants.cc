// SPDX-License-Identifier: Apache-2.0
#include "src/cas/policy/variants.h"
#include <algorithm>
#include "src/base/hex.h"
#include "src/sgx/development_family.h"

namespace cloister::cas {
namespace {
using session::Setting;

constexpr std::size_t kListed = 8;

bool is_hash(const std::optional<session::Hash>& allowed, const std::uint8_t (&found)[32]) {
  return allowed && std::equal(allowed->begin(), allowed->end(), found);
}

class VariantCheck {
 public:
  VariantCheck(const session::AttestationVariant& variant, const sgx::ReportBody& report, const Settings& settings)
      : variant_(variant), report_(report), settings_(settings) {}

  std::vector<Refusal> run() {
    // A variant that asks nothing would hold for everybody.
    if (variant_.mrenclave.empty() && !variant_.signer)
      refuse(Cause::no_attestation, "an attestation that asks nothing");
    if (!variant_.mrenclave.empty()) check_mrenclave();
    if (variant_.signer) check_signer(*variant_.signer);
    return std::move(refusals_);
  }

 private:
  void refuse(Cause cause, std::string text) { refusals_.push_back({cause, std::move(text)}); }
  void check_mrenclave();
  void check_signer(const session::SignerFactor& signer);
  void check_number(const char* what, Cause cause, const Setting<std::uint16_t>& setting, std::uint16_t found,
                    const char* relation, bool (*holds)(std::uint16_t found, std::uint16_t allowed));

  const session::AttestationVariant& variant_;
  const sgx::ReportBody& report_;
  const Settings& settings_;
  std::vector<Refusal> refusals_;
};

void VariantCheck::check_mrenclave() {
  std::string allowed;
  for (std::size_t i = 0; i < variant_.mrenclave.size(); ++i) {
    if (is_hash(settings_.value(variant_.mrenclave[i]), report_.mrenclave)) return;
    if (i < kListed) allowed.append(i == 0 ? "" : ", ").append(Settings::shown(variant_.mrenclave[i]));
    if (i == kListed) allowed += " and more";
  }
  refuse(Cause::mrenclave, "unexpected MRENCLAVE " + to_hex(report_.mrenclave) + ", the session allows " + allowed);
}

void VariantCheck::check_number(const char* what, Cause cause, const Setting<std::uint16_t>& setting,
                                std::uint16_t found, const char* relation,
                                bool (*holds)(std::uint16_t found, std::uint16_t allowed)) {
  const auto allowed = settings_.value(setting);
  if (allowed && holds(found, *allowed)) return;
  refuse(cause, std::string("unexpected ") + what + " " + std::to_string(found) + ", the session allows " + relation +
                    Settings::shown(setting));
}

void VariantCheck::check_signer(const session::SignerFactor& signer) {
  constexpr auto kEqual = [](std::uint16_t found, std::uint16_t allowed) { return found == allowed; };
  constexpr auto kAtLeast = [](std::uint16_t found, std::uint16_t allowed) { return found >= allowed; };
  constexpr auto kAtMost = [](std::uint16_t found, std::uint16_t allowed) { return found <= allowed; };
  if (!is_hash(settings_.value(signer.mrsigner), report_.mrsigner))
    refuse(Cause::mrsigner, "unexpected MRSIGNER " + to_hex(report_.mrsigner) + ", the session allows " +
                                Settings::shown(signer.mrsigner));
  if (signer.isvprodid) check_number("ISVPRODID", Cause::isvprodid, *signer.isvprodid, report_.isvprodid, "", kEqual);
  if (signer.isvsvn) check_number("ISVSVN", Cause::isvsvn, *signer.isvsvn, report_.isvsvn, "", kEqual);
  if (signer.isvsvn_min)
    check_number("ISVSVN", Cause::isvsvn, *signer.isvsvn_min, report_.isvsvn, "at least ", kAtLeast);
  if (signer.isvsvn_max) check_number("ISVSVN", Cause::isvsvn, *signer.isvsvn_max, report_.isvsvn, "at most ", kAtMost);
  // Every program that is started with the key at hand gets such a signature: it vouches for nothing.
  if (std::ranges::equal(report_.isvfamilyid, sgx::kDevelopmentFamily))
    refuse(
        Cause::development_signature,
        "signed with a development key at start, which no policy by signer accepts (sign it with `cloister sign`, or "
        "name its MRENCLAVE instead of the signer)");
}

}  // namespace

std::vector<Refusal> variant_refusals(const session::Service& service, const sgx::ReportBody& report,
                                      const Settings& settings) {
  std::vector<Refusal> all;
  for (const session::AttestationVariant& variant : service.attestation) {
    std::vector<Refusal> refusals = VariantCheck(variant, report, settings).run();
    if (refusals.empty()) return {};
    all.insert(all.end(), std::make_move_iterator(refusals.begin()), std::make_move_iterator(refusals.end()));
  }
  if (all.empty()) all.push_back({Cause::no_attestation, "the session allows no enclave for service " + service.name});
  return all;
}

}  // namespace cloister::cas
