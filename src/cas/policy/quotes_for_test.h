// SPDX-License-Identifier: Apache-2.0
// Verified quotes of every kind that a policy can meet, made below a simulation's root and judged by the real verifier.
#pragma once
#include <gtest/gtest.h>
#include <cstring>
#include "src/base/hex.h"
#include "src/dcap/simulation/world_for_test.h"
#include "src/session/model.h"

namespace cloister::cas {

struct QuoteUnderTest {
  sgx::ReportBody report = honest_report();
  dcap::TcbStatus status = dcap::TcbStatus::up_to_date;
  std::vector<std::string> advisories;
  std::optional<bool> smt_enabled;

  static sgx::ReportBody honest_report() {
    sgx::ReportBody report{};
    report.attributes = {sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss, sgx::kXfrmLegacy};
    report.mrenclave[0] = 0xe1;
    report.mrsigner[0] = 0x51;
    report.isvprodid = 12;
    report.isvsvn = 5;
    return report;
  }
};

// The platform's authority; the same for all quotes of a test.
class QuoteMaker {
 public:
  session::Hash root_hash() const { return world_.anchor().key_hash(); }

  dcap::Verified<dcap::Quote> verified(const QuoteUnderTest& wanted) const {
    using namespace dcap::simulation;
    dcap::Cache cache;
    const dcap::Judgement judgement = judge(quote(wanted), collateral(wanted), world_.anchor(), world_.now, cache);
    if (judgement.verdict.error) ADD_FAILURE() << judgement.verdict.error->what();
    return judgement.verified.value();
  }

 private:
  using Bytes = dcap::OwnedBytes;
  template <typename T>
  static void append(Bytes& to, const T& value) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&value);
    to.insert(to.end(), bytes, bytes + sizeof value);
  }

  // The simulated quoting enclave's quote, with another platform's certificate where the platform must say more.
  Bytes quote(const QuoteUnderTest& wanted) const {
    using namespace dcap::simulation;
    const QuotingEnclave enclave = world_.quoting_enclave();
    sgx::Secs secs{};
    const sgx::ReportBody& body = wanted.report;
    secs.attributes = body.attributes;
    std::memcpy(secs.mrenclave, body.mrenclave, sizeof secs.mrenclave);
    std::memcpy(secs.mrsigner, body.mrsigner, sizeof secs.mrsigner);
    std::memcpy(secs.isvfamilyid, body.isvfamilyid, sizeof secs.isvfamilyid);
    secs.isvprodid = body.isvprodid;
    secs.isvsvn = body.isvsvn;
    const sgx::Report report =
        sgx::ereport(world_.platform, secs, enclave.targetinfo(), std::span<const std::uint8_t, 64>(body.reportdata));
    const Bytes simple = must(enclave.quote(report));
    if (!wanted.smt_enabled) return simple;
    const dcap::Quote parsed = must(dcap::parse_quote(simple));
    dcap::PckIdentity identity = enclave.pck();
    identity.dynamic_platform = identity.cached_keys = false;
    identity.smt_enabled = wanted.smt_enabled;
    const PrivateKey key = must(PrivateKey::generate());
    const Bytes leaf = must(make_certificate({.common_name = kPckName,
                                              .issuer_common_name = kPckCaName,
                                              .serial = pck_serial(identity),
                                              .validity = world_.authority.validity,
                                              .path_length = std::nullopt,
                                              .sgx_extension = make_pck_extension(identity)},
                                             key, world_.authority.pck_ca.key));
    const std::string chain = dcap::to_pem(leaf, "CERTIFICATE") +
                              dcap::to_pem(world_.authority.pck_ca.certificate, "CERTIFICATE") +
                              dcap::to_pem(world_.authority.root.certificate, "CERTIFICATE");
    const auto put = [](Bytes& to, dcap::Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); };
    Bytes data;
    append(data, parsed.signature);
    put(data, parsed.attestation_key_bytes);
    put(data, parsed.qe_report_bytes);
    append(data, must(key.sign(sgx::sha256(parsed.qe_report_bytes))));
    append(data, static_cast<std::uint16_t>(parsed.qe_authentication_data.size()));
    put(data, parsed.qe_authentication_data);
    append(data, static_cast<std::uint16_t>(dcap::CertificationType::pck_chain));
    append(data, static_cast<std::uint32_t>(chain.size()));
    put(data, {reinterpret_cast<const std::uint8_t*>(chain.data()), chain.size()});
    Bytes whole(parsed.signed_bytes.begin(), parsed.signed_bytes.end());
    append(whole, static_cast<std::uint32_t>(data.size()));
    put(whole, data);
    return whole;
  }

  // The simulation's documents, with another status for the platform's level.
  dcap::CollateralFiles collateral(const QuoteUnderTest& wanted) const {
    dcap::CollateralFiles files = world_.files();
    auto& file = files[dcap::CollateralKind::tcb_info].bytes;
    std::string text(file.begin(), file.end());
    const std::string_view before = "{\"tcbInfo\":", after = ",\"signature\":\"";
    text = text.substr(before.size(), text.rfind(after) - before.size());
    std::string level = std::string("\"tcbStatus\":\"") + name(wanted.status) + "\",\"advisoryIDs\":[";
    for (const std::string& advisory : wanted.advisories)
      level.append(&advisory == &wanted.advisories.front() ? "\"" : ",\"").append(advisory).append("\"");
    const std::string_view honest = "\"tcbStatus\":\"UpToDate\"";
    text.replace(text.find(honest), honest.size(), level + "]");
    const auto signature = dcap::simulation::must(world_.authority.tcb_signing.key.sign(
        sgx::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})));
    text = std::string(before).append(text).append(after).append(to_hex(signature)).append("\"}");
    file.assign(text.begin(), text.end());
    return files;
  }

  dcap::simulation::World world_;
};

}  // namespace cloister::cas
