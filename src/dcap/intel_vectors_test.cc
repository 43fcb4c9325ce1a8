// SPDX-License-Identifier: Apache-2.0
// Real quotes under real collateral: the verdicts of Intel's own library.
#include <gtest/gtest.h>
#include "src/base/hex.h"
#include "src/dcap/intel_keys.h"
#include "src/dcap/vectors_for_test.h"

namespace cloister::dcap {
namespace {

std::string or_no_level(const PartVerdict& part) { return part.status ? name(*part.status) : "NoMatchingTcbLevel"; }

// cases.json writes a reason behind NotSupported, and says in the case's id that it has no CRL.
std::string expected_status(const nlohmann::json& entry) {
  std::string status = entry["expected"]["status"];
  if (status.starts_with("NotSupported")) status = "NotSupported";
  return status + (entry["pck_crl"].is_null() ? " (no CRL in force)" : "");
}

void expect_part(const std::optional<PartVerdict>& part, const nlohmann::json& expected, const std::string& prefix) {
  const auto& status = expected[prefix + (prefix == "tdx_module" ? "_status" : "_tcb_status")];
  if (status.is_null()) {
    EXPECT_FALSE(part.has_value()) << prefix;
    return;
  }
  ASSERT_TRUE(part.has_value()) << prefix;
  EXPECT_EQ(or_no_level(*part), status) << prefix;
  const auto& advisories = expected[prefix + "_advisories"];
  if (!advisories.is_null()) {
    EXPECT_EQ(part->advisories, advisories.get<std::vector<std::string>>()) << prefix;
  }
}

}  // namespace

TEST(IntelVectors, AllCases) {
  CLOISTER_NEED_VECTORS("quotes/cases.json");
  Cache cache;
  std::size_t count = 0;
  for (const auto& entry : vector_json("quotes/cases.json")) {
    SCOPED_TRACE(entry["id"].get<std::string>());
    const VectorCase loaded = load_case(entry, cache);
    const auto root = load_anchor(named(entry, "trusted_root", "collateral/certs/Intel_SGX_Root_CA.pem"));
    const Judgement judgement = Verified<Quote>::judge(loaded.quote, loaded.collateral, root, loaded.time, cache);
    const Verdict& verdict = judgement.verdict;
    ASSERT_FALSE(verdict.error.has_value()) << verdict.error->what();
    EXPECT_EQ(status_text(verdict), expected_status(entry));
    const auto& expected = entry["expected"];
    expect_part(verdict.platform, expected, "platform");
    expect_part(verdict.qe, expected, "qe");
    expect_part(verdict.tdx_module, expected, "tdx_module");
    if (verdict.platform && verdict.platform->status) {
      EXPECT_EQ(verdict.matched_level, expected["matched_tcb_level_index"]);
      EXPECT_EQ(iso_time(verdict.platform->date), expected["platform_tcb_date"]);
    }
    EXPECT_EQ(verdict.tcb_evaluation_data_number, expected["tcb_evaluation_data_number"]);
    EXPECT_EQ(judgement.verified.has_value(), verdict.crl_in_force && *verdict.status != TcbStatus::not_supported);
    EXPECT_FALSE(verdict.simulation);
    ++count;
  }
  EXPECT_GE(count, 208u);
}

// Outside the time in which all documents are in force, the one that is not is named.
TEST(IntelVectors, OutsideTheirTimeNothingHolds) {
  CLOISTER_NEED_VECTORS("quotes/cases.json");
  Cache cache;
  for (const auto& entry : vector_json("quotes/cases.json")) {
    SCOPED_TRACE(entry["id"].get<std::string>());
    const VectorCase loaded = load_case(entry, cache);
    const UnixTime from = parse_iso_time(entry["collateral_valid_from"].get<std::string>()).value();
    const UnixTime until = parse_iso_time(entry["collateral_valid_until"].get<std::string>()).value();
    const auto judge = [&](UnixTime time) {
      return Verified<Quote>::judge(loaded.quote, loaded.collateral, intel_root(), time, cache);
    };
    for (const UnixTime inside : {from, until}) EXPECT_FALSE(judge(inside).verdict.error.has_value());
    const Judgement early = judge(from - 1), late = judge(until + 1);
    ASSERT_TRUE(early.verdict.error.has_value());
    ASSERT_TRUE(late.verdict.error.has_value());
    EXPECT_NE(std::string(early.verdict.error->what()).find("issued in the future"), std::string::npos);
    EXPECT_NE(std::string(late.verdict.error->what()).find("expired"), std::string::npos);
    EXPECT_FALSE(early.verified || late.verified);
  }
}

// Both published certificates of Intel's root, and the one that a path length makes useless as a certificate, are the
// same anchor.
TEST(IntelVectors, AnchorIsAKey) {
  CLOISTER_NEED_VECTORS("quotes/cases.json");
  Cache cache;
  const auto cases = vector_json("quotes/cases.json");
  for (const char* name :
       {"Intel_SGX_Root_CA", "Intel_SGX_Root_CA-older-notafter-2033", "Intel_SGX_Root_CA-asylo-variant"}) {
    const TrustAnchor root = load_anchor(std::string("collateral/certs/") + name + ".pem");
    for (std::size_t i = 0; i < cases.size(); i += 16) {
      const VectorCase loaded = load_case(cases[i], cache);
      EXPECT_FALSE(
          Verified<Quote>::judge(loaded.quote, loaded.collateral, root, loaded.time, cache).verdict.error.has_value());
    }
  }
}

// Without the certificate of who signed the documents, Intel's key is known, and below another root there is none.
TEST(IntelVectors, KnownTcbSigner) {
  CLOISTER_NEED_VECTORS("quotes/cases.json");
  for (const char* name : {"2018-2025", "2018-2033", "2025-2032"}) {
    const auto list =
        parse_certificates(vector_bytes(std::string("collateral/certs/Intel_SGX_TCB_Signing-") + name + ".pem"));
    EXPECT_EQ(list.value()[0].key().point(), kIntelTcbSigningKey);
    EXPECT_TRUE(std::ranges::equal(list.value()[0].serial(), kIntelTcbSigningSerial));
    EXPECT_TRUE(intel_root().key.verify(list.value()[0].signed_digest(), list.value()[0].signature()));
  }
  EXPECT_EQ(intel_root().key.point(), kIntelRootKey);
  Cache cache;
  for (const auto& entry : vector_json("quotes/cases.json")) {
    VectorCase loaded = load_case(entry, cache);
    loaded.collateral.tcb_signing = nullptr;
    const Judgement judgement =
        Verified<Quote>::judge(loaded.quote, loaded.collateral, intel_root(), loaded.time, cache);
    ASSERT_FALSE(judgement.verdict.error.has_value()) << judgement.verdict.error->what();
    EXPECT_EQ(status_text(judgement.verdict), expected_status(entry));
  }
}

namespace {
// The verdict's error on a quote from a file, under collateral that would fit a good quote of its kind.
std::string refusal(const std::string& path, const std::string& prefix) {
  Cache cache;
  for (const auto& entry : vector_json("quotes/cases.json")) {
    if (!entry["quote"].get<std::string>().starts_with("quotes/" + prefix) || entry["pck_crl"].is_null()) continue;
    VectorCase loaded = load_case(entry, cache);
    const OwnedBytes bytes = vector_bytes(path);
    const auto quote = parse_quote(bytes);
    if (!quote.ok()) return quote.error().what();
    loaded.collateral.pck_ca = nullptr;
    const Judgement judgement =
        Verified<Quote>::judge(quote.value(), loaded.collateral, intel_root(), loaded.time, cache);
    EXPECT_FALSE(judgement.verified.has_value());
    return judgement.verdict.error ? judgement.verdict.error->what() : "accepted";
  }
  return "no case";
}
}  // namespace

TEST(IntelVectors, NegativeQuotesAreRefusedWithTheirCause) {
  CLOISTER_NEED_VECTORS("quotes/negative");
  const struct {
    const char* file;
    const char* cases_of;
    const char* cause;
  } kNegatives[] = {
      {"sgx3-oe-bad-intermediate-ca-signature.bin", "sgx3-oe-00906ed50000",
       "PCK CA certificate's signature does not verify"},
      {"sgx3-oe-bad-root-ca-key.bin", "sgx3-oe-00906ed50000", "root CA certificate is malformed, or its public key"},
      {"sgx3-automata-tampered-pck-leaf.bin", "sgx3-automata-00606a000000",
       "PCK certificate was not issued by the PCK CA"},
      {"tdx4-automata-bad-pem.bin", "tdx4-automata-00806f050000", "certificate parse failure"},
      {"sgx3-fortanix-chain-out-of-order.bin", "sgx3-fortanix-00906ea10000", "certificate chain order"},
      {"tdx4-trustee-preproduction-root.bin", "tdx4-trustee-50806f000000-12b401a8", "untrusted root"},
      {"sgx3-oasis-encrypted-ppid-ct3.bin", "sgx3-oasis-00606a000000", "type 3 (PPID encrypted with RSA-3072)"},
      {"sgx3-automata-encrypted-ppid-ct3.bin", "sgx3-automata-00606a000000", "type 3 (PPID encrypted with RSA-3072)"},
  };
  for (const auto& negative : kNegatives) {
    const std::string error = refusal(std::string("quotes/negative/") + negative.file, negative.cases_of);
    EXPECT_NE(error.find(negative.cause), std::string::npos) << negative.file << ": " << error;
  }
}

TEST(IntelVectors, PlainPpidIsRefusedByName) {
  CLOISTER_NEED_VECTORS("quotes/intel-qvl-sample-sgx");
  EXPECT_NE(refusal("quotes/intel-qvl-sample-sgx/quote.dat", "sgx3-").find("type 1 (plain PPID)"), std::string::npos);
}

// Quoting libraries fill their buffers with zeros.
TEST(IntelVectors, TrailingZerosDoNotMatter) {
  CLOISTER_NEED_VECTORS("quotes/trailing");
  for (const auto& file : std::filesystem::directory_iterator(sgx::vectors_directory() / "quotes/trailing")) {
    std::string stem = file.path().stem().stem().string();
    const OwnedBytes padded = sgx::read_bytes(file.path()), cut = vector_bytes("quotes/" + stem + ".bin");
    const auto quote = parse_quote(padded);
    ASSERT_TRUE(quote.ok()) << quote.error().what();
    EXPECT_TRUE(std::ranges::equal(quote.value().whole, cut));
    OwnedBytes other = padded;
    other.back() = 1;
    EXPECT_FALSE(parse_quote(other).ok());
  }
}

TEST(IntelVectors, EveryFieldOfEveryQuote) {
  CLOISTER_NEED_VECTORS("quotes/fields.json");
  const auto all = vector_json("quotes/fields.json");
  for (const auto& [file, fields] : all.items()) {
    SCOPED_TRACE(file);
    const OwnedBytes bytes = vector_bytes("quotes/" + file);
    const auto parsed = parse_quote(bytes);
    ASSERT_TRUE(parsed.ok()) << parsed.error().what();
    const Quote& quote = parsed.value();
    EXPECT_EQ(quote.header.version, fields["version"]);
    EXPECT_EQ(quote.header.tee_type, fields["tee_type"]);
    EXPECT_EQ(quote.whole.size(), fields["size"]);
    EXPECT_EQ(to_hex(quote.header.user_data), fields["user_data"]);
    EXPECT_EQ(to_hex(quote.attestation_key), fields["attestation_key"]);
    EXPECT_EQ(to_hex(quote.signature), fields["quote_signature"]);
    EXPECT_EQ(to_hex(quote.qe_report_signature), fields["qe_report_signature"]);
    EXPECT_EQ(to_hex(quote.qe_authentication_data), fields["qe_auth_data"]);
    EXPECT_EQ(to_hex(quote.qe_report.mrenclave), fields["qe_report"]["mrenclave"]);
    EXPECT_EQ(quote.qe_report.isvsvn, fields["qe_report"]["isvsvn"]);
    EXPECT_EQ(to_hex(reportdata(quote.body)), fields["body"]["reportdata"]);
    const auto chain = parse_pck_chain(quote.certification_data);
    ASSERT_TRUE(chain.ok()) << chain.error().what();
    const PckIdentity& pck = chain.value().pck;
    const auto& expected = fields["pck"];
    EXPECT_EQ(to_hex(pck.fmspc), expected["fmspc"]);
    EXPECT_EQ(to_hex(pck.ppid), expected["ppid"]);
    EXPECT_EQ(to_hex(pck.pceid), expected["pceid"]);
    EXPECT_EQ(to_hex(pck.cpusvn), expected["cpusvn"]);
    EXPECT_EQ(pck.pcesvn, expected["pcesvn"]);
    EXPECT_EQ(static_cast<int>(pck.sgx_type), expected["sgxtype"]);
    EXPECT_EQ(std::vector<int>(pck.components.begin(), pck.components.end()), expected["svns"].get<std::vector<int>>());
    const Validity& validity = chain.value().leaf.validity();
    EXPECT_EQ(iso_time(validity.from), expected["not_before"]);
    EXPECT_EQ(iso_time(validity.until), expected["not_after"]);
    std::string serial = to_hex(chain.value().leaf.serial());
    serial.erase(0, serial.find_first_not_of('0'));
    EXPECT_EQ("0x" + serial, expected["serial"]);
  }
}

}  // namespace cloister::dcap
