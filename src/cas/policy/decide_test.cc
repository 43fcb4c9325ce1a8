// SPDX-License-Identifier: Apache-2.0
// One enclave and one session that fit each other, and one thing changed at a time. decide() names every check that
// refuses, and each case has exactly one: were that check not there, the case would be allowed.
#include "src/cas/policy/decide.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <functional>
#include <set>
#include "src/base/hex.h"
#include "src/base/public_key_info.h"
#include "src/cas/policy/quotes_for_test.h"
#include "src/dcap/vectors_for_test.h"
#include "src/sgx/development_family.h"

namespace cloister::cas {
namespace {
using dcap::TcbStatus;
using session::AttestationMode;
using session::Hash;
using session::Session;
using session::Setting;
using session::Toleration;

Hash hash_with(std::uint8_t first) {
  Hash hash{};
  hash[0] = first;
  return hash;
}
template <typename T>
Setting<T> literal(T value) {
  return {value, {}};
}
template <typename T>
Setting<T> placeholder(const char* secret) {
  return {std::nullopt, {std::string("$$SCONE::").append(secret).append("$$"), {}}};
}

const QuoteMaker& maker() {
  static const QuoteMaker one;
  return one;
}

struct Case {
  Session session;
  QuoteUnderTest quote;

  session::AttestationVariant& variant() { return session.services[0].attestation[0]; }
  session::SignerFactor& signer() { return *variant().signer; }
  session::Security& security() { return session.security; }
  void tolerate(Toleration toleration) { security().tolerate.push_back(literal(toleration)); }
  void ignore(const char* advisory) { security().ignore_advisories.push_back({advisory, {}}); }
};

// Every factor there is, and all hold.
Case allowed() {
  Case one;
  session::Service service;
  service.name = "web";
  session::AttestationVariant variant;
  variant.mrenclave = {literal(hash_with(0xe0)), literal(hash_with(0xe1))};
  session::SignerFactor signer;
  signer.mrsigner = literal(hash_with(0x51));
  signer.isvprodid = literal<std::uint16_t>(12);
  signer.isvsvn = literal<std::uint16_t>(5);
  signer.isvsvn_min = literal<std::uint16_t>(5);
  signer.isvsvn_max = literal<std::uint16_t>(5);
  variant.signer = signer;
  service.attestation = {variant};
  one.session.name = "shop";
  one.session.services = {service};
  one.session.security.insecure_simulation_root = literal(maker().root_hash());
  return one;
}

// Secrets of the tests' sessions: what a placeholder names is what it gives.
std::optional<session::SecretText> look(const session::Secret& secret, session::Encoding) {
  return session::SecretText(secret.common_name);
}
void add_secret(Case& one, const char* name, std::string value) {
  session::Secret secret;
  secret.name = name;
  secret.kind = session::Kind::ascii;
  secret.common_name = std::move(value);
  one.session.secrets.push_back(secret);
}

Decision decided(const Case& one, std::string_view service = "web") {
  return decide(one.session, service, maker().verified(one.quote), look);
}
std::vector<Cause> causes(const Decision& decision) {
  std::vector<Cause> all;
  for (const Refusal& refusal : decision.refusals) all.push_back(refusal.cause);
  return all;
}
bool is_allowed(const Case& one) {
  const Decision decision = decided(one);
  EXPECT_EQ(decision.match.has_value(), decision.refusals.empty());
  return decision.match.has_value();
}

struct Change {
  const char* what;
  Cause cause;
  std::function<void(Case&)> make;
  const char* text;  // part of what the owner reads
};

const Change kChanges[] = {
    {"a feature that is not served", Cause::feature_not_served,
     [](Case& c) {
       c.session.uses.push_back({find_feature(session::Section::service, "platforms"), {}});
     },
     "the session uses services[].platforms, which is not served"},
    {"mode none", Cause::attestation_mode, [](Case& c) { c.security().mode = literal(AttestationMode::none); },
     "attestation mode none, only hardware releases"},
    {"mode maa", Cause::attestation_mode, [](Case& c) { c.security().mode = literal(AttestationMode::maa); }, "maa"},
    {"a mode that a secret should say and does not", Cause::attestation_mode,
     [](Case& c) { c.security().mode = placeholder<AttestationMode>("nothing"); }, "$$SCONE::nothing$$"},
    {"no simulation root named", Cause::root, [](Case& c) { c.security().insecure_simulation_root.reset(); },
     "a simulated enclave below root"},
    {"another simulation's root", Cause::root,
     [](Case& c) { c.security().insecure_simulation_root = literal(hash_with(1)); },
     "the session allows Intel's and 01"},
    {"DEBUG", Cause::debug_enclave, [](Case& c) { c.quote.report.attributes.flags |= sgx::kAttributeDebug; },
     "tolerate: [debug-mode]"},
    {"PROVISIONKEY", Cause::attributes, [](Case& c) { c.quote.report.attributes.flags |= sgx::kAttributeProvisionKey; },
     "ATTRIBUTES 0000000000000010"},
    {"EINITTOKENKEY", Cause::attributes,
     [](Case& c) { c.quote.report.attributes.flags |= sgx::kAttributeEinitTokenKey; }, "0000000000000020"},
    {"a reserved attribute", Cause::attributes, [](Case& c) { c.quote.report.attributes.flags |= 1ull << 63; },
     "8000000000000000"},
    {"out of date", Cause::outdated_tcb, [](Case& c) { c.quote.status = TcbStatus::out_of_date; },
     "TCB status OutOfDate (accepted with tolerate: [outdated-tcb])"},
    {"configuration needed", Cause::insecure_configuration,
     [](Case& c) { c.quote.status = TcbStatus::configuration_needed; }, "tolerate: [insecure-configuration]"},
    {"hardening needed", Cause::software_hardening, [](Case& c) { c.quote.status = TcbStatus::sw_hardening_needed; },
     "tolerate: [software-hardening-needed]"},
    {"out of date and configuration, only the second tolerated", Cause::outdated_tcb,
     [](Case& c) {
       c.quote.status = TcbStatus::out_of_date_configuration_needed;
       c.tolerate(Toleration::insecure_configuration);
     },
     "OutOfDateConfigurationNeeded"},
    {"out of date and configuration, only the first tolerated", Cause::insecure_configuration,
     [](Case& c) {
       c.quote.status = TcbStatus::out_of_date_configuration_needed;
       c.tolerate(Toleration::outdated_tcb);
     },
     "OutOfDateConfigurationNeeded"},
    {"configuration and hardening, only the first tolerated", Cause::software_hardening,
     [](Case& c) {
       c.quote.status = TcbStatus::configuration_and_sw_hardening_needed;
       c.tolerate(Toleration::insecure_configuration);
     },
     "ConfigurationAndSWHardeningNeeded"},
    {"configuration and hardening, only the second tolerated", Cause::insecure_configuration,
     [](Case& c) {
       c.quote.status = TcbStatus::configuration_and_sw_hardening_needed;
       c.tolerate(Toleration::software_hardening_needed);
     },
     "ConfigurationAndSWHardeningNeeded"},
    {"an advisory, its category tolerated", Cause::advisory,
     [](Case& c) {
       c.quote.status = TcbStatus::out_of_date;
       c.quote.advisories = {"INTEL-SA-00161"};
       c.tolerate(Toleration::outdated_tcb);
     },
     "ignore_advisories: [INTEL-SA-00161]"},
    {"an advisory of an up-to-date platform", Cause::advisory, [](Case& c) { c.quote.advisories = {"INTEL-SA-00161"}; },
     "INTEL-SA-00161"},
    {"two advisories, one ignored", Cause::advisory,
     [](Case& c) {
       c.quote.advisories = {"INTEL-SA-00161", "INTEL-SA-00270"};
       c.ignore("INTEL-SA-00161");
     },
     "INTEL-SA-00270 applies"},
    {"a shortcut for another advisory", Cause::advisory,
     [](Case& c) {
       c.quote.status = TcbStatus::configuration_needed;
       c.quote.advisories = {"INTEL-SA-00219"};
       c.tolerate(Toleration::insecure_configuration);
       c.tolerate(Toleration::hyperthreading);
     },
     "INTEL-SA-00219"},
    {"a shortcut does not cover updates", Cause::outdated_tcb,
     [](Case& c) {
       c.quote.status = TcbStatus::out_of_date;
       c.quote.advisories = {"INTEL-SA-00657"};
       c.tolerate(Toleration::aepic_leak);
     },
     "outdated-tcb"},
    {"a shortcut covers the configuration only if it is all of it", Cause::insecure_configuration,
     [](Case& c) {
       c.quote.status = TcbStatus::configuration_needed;
       c.quote.advisories = {"INTEL-SA-00233", "INTEL-SA-00161"};
       c.tolerate(Toleration::hyperthreading);
       c.ignore("INTEL-SA-00161");
     },
     "insecure-configuration"},
    {"hyper-threading", Cause::hyperthreading, [](Case& c) { c.quote.smt_enabled = true; },
     "hyper-threading is on (accepted with tolerate: [hyperthreading])"},
    {"another MRENCLAVE", Cause::mrenclave, [](Case& c) { c.quote.report.mrenclave[31] ^= 1; },
     "unexpected MRENCLAVE e100000000000000000000000000000000000000000000000000000000000001, the session allows "
     "e000000000000000000000000000000000000000000000000000000000000000, "
     "e100000000000000000000000000000000000000000000000000000000000000"},
    {"another MRSIGNER", Cause::mrsigner, [](Case& c) { c.quote.report.mrsigner[31] ^= 1; }, "unexpected MRSIGNER 51"},
    {"another product", Cause::isvprodid, [](Case& c) { c.quote.report.isvprodid = 13; },
     "unexpected ISVPRODID 13, the session allows 12"},
    {"another version", Cause::isvsvn,
     [](Case& c) {
       c.quote.report.isvsvn = 6;
       c.signer().isvsvn_max.reset();
     },
     "unexpected ISVSVN 6, the session allows 5"},
    {"an older version", Cause::isvsvn,
     [](Case& c) {
       c.quote.report.isvsvn = 4;
       c.signer().isvsvn.reset();
     },
     "unexpected ISVSVN 4, the session allows at least 5"},
    {"a newer version", Cause::isvsvn,
     [](Case& c) {
       c.quote.report.isvsvn = 6;
       c.signer().isvsvn.reset();
     },
     "unexpected ISVSVN 6, the session allows at most 5"},
    {"signed at start", Cause::development_signature,
     [](Case& c) { std::ranges::copy(sgx::kDevelopmentFamily, c.quote.report.isvfamilyid); }, "cloister sign"},
    {"no attestation at all", Cause::no_attestation, [](Case& c) { c.session.services[0].attestation.clear(); },
     "allows no enclave for service web"},
    {"an attestation that asks nothing", Cause::no_attestation,
     [](Case& c) {
       c.variant().mrenclave.clear();
       c.variant().signer.reset();
     },
     "asks nothing"},
    {"an MRENCLAVE from a secret that has none", Cause::mrenclave,
     [](Case& c) {
       add_secret(c, "m", "e1");
       c.variant().mrenclave = {placeholder<Hash>("m")};
     },
     "the session allows $$SCONE::m$$"},
    {"a version from a secret that is no number", Cause::isvsvn,
     [](Case& c) {
       add_secret(c, "n", "5x");
       c.signer().isvsvn = placeholder<std::uint16_t>("n");
     },
     "the session allows $$SCONE::n$$"},
    {"a root from a secret that is none", Cause::root,
     [](Case& c) {
       add_secret(c, "r", "");
       c.security().insecure_simulation_root = placeholder<Hash>("r");
     },
     "$$SCONE::r$$"},
};

TEST(PolicyDecisions, WhatFitsIsAllowed) {
  const Case one = allowed();
  const dcap::Verified<dcap::Quote> quote = maker().verified(one.quote);
  const Decision decision = decide(one.session, "web", quote, look);
  EXPECT_EQ(text_of(decision.refusals), "");
  ASSERT_TRUE(decision.match.has_value());
  EXPECT_EQ(&decision.match->session(), &one.session);
  EXPECT_EQ(&decision.match->service(), &one.session.services[0]);
  EXPECT_TRUE(decision.match->is_of(quote));
  QuoteUnderTest other = one.quote;
  other.report.reportdata[0] = 1;
  EXPECT_FALSE(decision.match->is_of(maker().verified(other)));
}

TEST(PolicyDecisions, EachCheckRefusesAlone) {
  std::set<Cause> seen;
  for (const Change& change : kChanges) {
    Case one = allowed();
    change.make(one);
    const Decision decision = decided(one);
    EXPECT_EQ(causes(decision), std::vector{change.cause}) << change.what << ": " << text_of(decision.refusals);
    EXPECT_FALSE(decision.match.has_value()) << change.what;
    EXPECT_NE(text_of(decision.refusals).find(change.text), std::string::npos)
        << change.what << ": " << text_of(decision.refusals);
    seen.insert(change.cause);
  }
  // No verified quote has a status of tcb_status for SGX; Intel's verifier gives TDRelaunchAdvised to trust domains
  // only.
  for (int number = 0; number <= static_cast<int>(Cause::development_signature); ++number) {
    const auto cause = static_cast<Cause>(number);
    EXPECT_TRUE(seen.contains(cause) || cause == Cause::tcb_status || cause == Cause::tee) << name(cause);
  }
}

// The opposite: what is tolerated, is.
TEST(PolicyDecisions, TolerationsAccept) {
  const std::pair<const char*, std::function<void(Case&)>> kAccepted[] = {
      {"debug",
       [](Case& c) { c.quote.report.attributes.flags |= sgx::kAttributeDebug, c.tolerate(Toleration::debug_mode); }},
      {"CET and AEX-Notify",
       [](Case& c) { c.quote.report.attributes.flags |= sgx::kAttributeCet | sgx::kAttributeAexNotify; }},
      {"out of date", [](Case& c) { c.quote.status = TcbStatus::out_of_date, c.tolerate(Toleration::outdated_tcb); }},
      {"hardening",
       [](Case& c) {
         c.quote.status = TcbStatus::sw_hardening_needed, c.tolerate(Toleration::software_hardening_needed);
       }},
      {"advisory", [](Case& c) { c.quote.advisories = {"INTEL-SA-00161"}, c.ignore("INTEL-SA-00161"); }},
      {"all advisories",
       [](Case& c) { c.quote.advisories = {"INTEL-SA-00161"}, c.security().ignore_all_advisories = true; }},
      {"shortcut and its status",
       [](Case& c) {
         c.quote.status = TcbStatus::configuration_needed, c.quote.advisories = {"INTEL-SA-00233"},
         c.tolerate(Toleration::hyperthreading);
       }},
      {"igpu", [](Case& c) { c.quote.advisories = {"INTEL-SA-00219"}, c.tolerate(Toleration::insecure_igpu); }},
      {"aepic", [](Case& c) { c.quote.advisories = {"INTEL-SA-00657"}, c.tolerate(Toleration::aepic_leak); }},
      {"configuration",
       [](Case& c) {
         c.quote.status = TcbStatus::configuration_needed, c.tolerate(Toleration::insecure_configuration);
       }},
      {"hyper-threading", [](Case& c) { c.quote.smt_enabled = true, c.tolerate(Toleration::hyperthreading); }},
      {"no hyper-threading", [](Case& c) { c.quote.smt_enabled = false; }},
      {"development signature without a signer asked",
       [](Case& c) {
         std::ranges::copy(sgx::kDevelopmentFamily, c.quote.report.isvfamilyid), c.variant().signer.reset();
       }},
      {"signer alone", [](Case& c) { c.variant().mrenclave.clear(); }},
      {"any product", [](Case& c) { c.quote.report.isvprodid = 99, c.signer().isvprodid.reset(); }},
  };
  for (const auto& [what, make] : kAccepted) {
    Case one = allowed();
    make(one);
    EXPECT_EQ(text_of(decided(one).refusals), "") << what;
    EXPECT_TRUE(is_allowed(one)) << what;
  }
}

TEST(PolicyDecisions, AnyVariantIsEnough) {
  Case one = allowed();
  session::AttestationVariant other;
  other.mrenclave = {literal(hash_with(0x77))};
  one.session.services[0].attestation = {other, one.variant()};
  EXPECT_TRUE(is_allowed(one));
  one.quote.report.isvprodid = 13;
  EXPECT_EQ(causes(decided(one)), (std::vector{Cause::mrenclave, Cause::isvprodid}));
  one.quote.report.mrenclave[0] = 0x77;
  EXPECT_TRUE(is_allowed(one));
}

TEST(PolicyDecisions, AllThatIsWrongIsNamed) {
  Case one = allowed();
  one.quote.report.mrenclave[0] = 0;
  one.quote.report.attributes.flags |= sgx::kAttributeDebug;
  one.quote.status = TcbStatus::out_of_date;
  one.quote.advisories = {"INTEL-SA-00161"};
  EXPECT_EQ(causes(decided(one)),
            (std::vector{Cause::debug_enclave, Cause::outdated_tcb, Cause::advisory, Cause::mrenclave}));
}

TEST(PolicyDecisions, SettingsFromSecrets) {
  Case one = allowed();
  add_secret(one, "m", to_hex(hash_with(0xe1)));
  add_secret(one, "n", "5");
  add_secret(one, "mode", "hardware");
  add_secret(one, "t", "debug-mode");
  add_secret(one, "root", to_hex(maker().root_hash()));
  add_secret(one, "a", "INTEL-SA-00161");
  one.variant().mrenclave = {placeholder<Hash>("m")};
  one.signer().isvsvn = placeholder<std::uint16_t>("n");
  one.security().mode = placeholder<AttestationMode>("mode");
  one.security().tolerate = {placeholder<Toleration>("t")};
  one.security().insecure_simulation_root = placeholder<Hash>("root");
  one.security().ignore_advisories = {placeholder<Hash>("a").variable};
  one.quote.report.attributes.flags |= sgx::kAttributeDebug;
  one.quote.advisories = {"INTEL-SA-00161"};
  EXPECT_EQ(text_of(decided(one).refusals), "");
  // A secret's value is nothing for the audit log.
  one.quote.report.mrenclave[0] = 0;
  EXPECT_EQ(text_of(decided(one).refusals).find(to_hex(hash_with(0xe1))), std::string::npos);
}

TEST(PolicyDecisions, OnlyServicesOfTheSession) {
  const Decision decision = decided(allowed(), "other");
  EXPECT_EQ(causes(decision), std::vector{Cause::no_attestation});
  EXPECT_FALSE(decision.match.has_value());
}

// The key's DER as it stands in the certificate.
TEST(PolicyDecisions, RootsAreNamedByTheirKey) {
  const dcap::simulation::World world;
  const dcap::OwnedBytes& der = world.authority.root.certificate;
  const auto key = std::ranges::search(der, kP256KeyPrefix);
  ASSERT_FALSE(key.empty());
  EXPECT_EQ(world.anchor().key_hash(), sgx::sha256({&*key.begin(), std::size(kP256KeyPrefix) + 64}));
  EXPECT_FALSE(world.anchor().is_intels());
  Case one = allowed();
  EXPECT_TRUE(root_refusal(one.session, world.anchor(), look).has_value());
  one.security().insecure_simulation_root = literal(world.anchor().key_hash());
  EXPECT_FALSE(root_refusal(one.session, world.anchor(), look).has_value());
}

// Real enclaves below Intel's root need no root named; trust domains get nothing.
TEST(PolicyDecisions, RealQuotes) {
  CLOISTER_NEED_VECTORS("quotes/cases.json");
  dcap::Cache cache;
  int enclaves = 0, trust_domains = 0;
  for (const auto& entry : dcap::vector_json("quotes/cases.json")) {
    const dcap::VectorCase loaded = dcap::load_case(entry, cache);
    const auto root = dcap::load_anchor(dcap::named(entry, "trusted_root", "collateral/certs/Intel_SGX_Root_CA.pem"));
    const auto judgement =
        dcap::Verified<dcap::Quote>::judge(loaded.quote, loaded.collateral, root, loaded.time, cache);
    if (!judgement.verified || !root.is_intels()) continue;
    Case one = allowed();
    one.security().insecure_simulation_root.reset();
    one.security().ignore_all_advisories = true;
    for (const Toleration toleration : {Toleration::debug_mode, Toleration::hyperthreading, Toleration::outdated_tcb,
                                        Toleration::insecure_configuration, Toleration::software_hardening_needed})
      one.tolerate(toleration);
    one.variant().signer.reset();
    const auto* const report = std::get_if<sgx::ReportBody>(&loaded.quote.body);
    if (report) std::ranges::copy(report->mrenclave, one.variant().mrenclave[0].literal->begin());
    const Decision decision = decide(one.session, "web", *judgement.verified, look);
    EXPECT_EQ(decision.match.has_value(), report != nullptr) << entry["id"] << text_of(decision.refusals);
    if (!report) {
      EXPECT_EQ(causes(decision), std::vector{Cause::tee});
    }
    ++(report ? enclaves : trust_domains);
  }
  EXPECT_GT(enclaves, 10);
  EXPECT_GT(trust_domains, 10);
}

}  // namespace
}  // namespace cloister::cas
