// SPDX-License-Identifier: Apache-2.0
// The API without connections: statuses, forms, and that openapi.json says what the router does.
#include <gtest/gtest.h>
#include <set>
#include "src/audit/export.h"
#include "src/audit/head_text.h"
#include "src/cas/api/answers.h"
#include "src/cas/api/api_for_test.h"
#include "src/ratls/make.h"

namespace cloister::cas {
namespace {

Json json_of(const Response& response) { return Json::parse(text_of(response.body), nullptr, false); }
const std::string kNonce(64, 'a');

}  // namespace

TEST(Api, DescriptionHasTheRoutesAndNoOthers) {
  const Json document = Json::parse(openapi(), nullptr, false);
  ASSERT_TRUE(document.is_object());
  std::set<std::string> described, routed;
  for (const auto& [path, item] : document["paths"].items())
    for (const char* method : {"get", "put", "post", "delete"})
      if (item.contains(method)) {
        std::string line = path + ' ' + method;
        std::set<std::string> query;
        if (item[method].contains("parameters"))
          for (const Json& parameter : item[method]["parameters"])
            if (parameter["in"] == "query") query.insert(parameter["name"]);
        for (const std::string& name : query) line += ' ' + name;
        described.insert(line);
      }
  for (const Api::Route& route : Api::routes()) {
    std::string line = std::string(route.path) + ' ';
    for (const char* c = route.method; *c; ++c) line += static_cast<char>(*c + ('a' - 'A'));
    for (const std::string& name : std::set<std::string>(route.parameters.begin(), route.parameters.end()))
      line += ' ' + name;
    routed.insert(line);
  }
  EXPECT_EQ(described, routed);
}

TEST(Api, EveryAnswerHasTheSignedHead) {
  ApiForTest cas;
  for (const char* target : {"/v1/version", "/v1/health", "/v1/ready", "/v1/openapi.json", "/nothing", "/v1/audit",
                             "/v1/sessions/none", "/v1/attest", "%", "/v1/values/session=x"}) {
    const auto head = audit::parse_head_text(header(cas.ask("GET", target), audit::kHeadHeader));
    ASSERT_TRUE(head.ok()) << target;
    EXPECT_TRUE(verify_head(head.value(), cas.service.store->audit_key()).ok()) << target;
    EXPECT_EQ(head.value(), cas.service.store->head()) << target;
  }
}

TEST(Api, StatusesOfWhatIsNotServed) {
  ApiForTest cas;
  EXPECT_EQ(cas.ask("GET", "/").status, 404u);
  EXPECT_EQ(cas.ask("GET", "/v1/version/").status, 404u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions/").status, 404u);
  EXPECT_EQ(cas.ask("GET", "/v1/version?x=1").status, 400u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions?prefix=a&prefix=b").status, 400u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions/%zz").status, 400u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions/%00").status, 400u);
  EXPECT_EQ(cas.ask("GET", "no-slash").status, 400u);
  EXPECT_EQ(cas.ask("GET", "/" + std::string(kTargetLimit, 'a')).status, 400u);
  const Response wrong = cas.ask("DELETE", "/v1/sessions/a");
  EXPECT_EQ(wrong.status, 405u);
  EXPECT_EQ(header(wrong, "Allow"), "GET, PUT");
  EXPECT_TRUE(json_of(wrong)["error"].is_string());
}

TEST(Api, ReadyOnlyWhenItIs) {
  ApiForTest cas;
  EXPECT_EQ(cas.ask("GET", "/v1/ready").status, 200u);
  cas.not_ready = "the local attestation service does not answer";
  const Response response = cas.ask("GET", "/v1/ready");
  EXPECT_EQ(response.status, 503u);
  EXPECT_EQ(json_of(response)["error"], cas.not_ready);
}

TEST(Api, EvidenceIsOverTheNonceAndWhatIsAnswered) {
  ApiForTest cas;
  const Response response = cas.ask("GET", "/v1/attest?nonce=" + kNonce, kNobody);
  ASSERT_EQ(response.status, 200u);
  const Json answer = json_of(response);
  release::EvidenceOfCas evidence;
  evidence.nonce.fill(0xaa);
  const std::vector<std::uint8_t> cas_key{1, 2, 3};
  evidence.cas_key_hash = release::sha256(cas_key);
  evidence.audit_key_hash = release::sha256(from_hex(answer["audit_key"].get<std::string>()).value());
  evidence.owner_key_hash = kOwner->key_hash;
  evidence.audit_sequence = answer["audit"]["sequence"];
  std::ranges::copy(from_hex(answer["audit"]["hash"].get<std::string>()).value(), evidence.audit_head.begin());
  EXPECT_EQ(answer["quote"], to_hex(report_data(evidence)));
  EXPECT_EQ(answer["cas_key"], "010203");
  for (const std::string& bad : {std::string(), std::string(63, 'a'), std::string(66, 'a'), std::string(64, 'x')})
    EXPECT_EQ(cas.ask("GET", "/v1/attest?nonce=" + bad).status, 400u) << bad;
  cas.evidence.unreachable = true;
  EXPECT_EQ(cas.ask("GET", "/v1/attest?nonce=" + kNonce).status, 503u);
}

TEST(Api, CertificatesAreOverTheNonceAndTheKey) {
  ApiForTest cas;
  const Response response = cas.ask("GET", "/v1/attest/certificate?nonce=" + kNonce, kNobody);
  ASSERT_EQ(response.status, 200u);
  EXPECT_EQ(response.content_type, "application/x-pem-file");
  const std::vector<std::uint8_t> cas_key{1, 2, 3}, nonce(32, 0xaa);
  const auto claims = ratls::make_claims(cas_key, nonce, ratls::kPurposeOfCas);
  const auto data = ratls::report_data(claims);
  std::vector<std::uint8_t> expected(data.begin(), data.end());
  expected.insert(expected.end(), claims.begin(), claims.end());
  EXPECT_EQ(text_of(response.body), dcap::to_pem(expected, "CERTIFICATE"));
  for (const std::string& bad : {std::string(), std::string(62, 'a'), std::string(64, 'x')})
    EXPECT_EQ(cas.ask("GET", "/v1/attest/certificate?nonce=" + bad).status, 400u) << bad;
  EXPECT_EQ(cas.ask("GET", "/v1/attest/certificate").status, 400u);
  cas.evidence.unreachable = true;
  EXPECT_EQ(cas.ask("GET", "/v1/attest/certificate?nonce=" + kNonce).status, 503u);
}

TEST(Api, SessionsComeAndGo) {
  ApiForTest cas;
  const std::string text = session_text("shop", "secrets:\n- {name: password, kind: ascii}\n");
  const Response created = cas.ask("POST", "/v1/sessions", kOwner, text);
  ASSERT_EQ(created.status, 201u) << text_of(created.body);
  const std::string hash = json_of(created)["hash"];
  const Response read = cas.ask("GET", "/v1/sessions/shop");
  EXPECT_EQ(read.status, 200u);
  EXPECT_EQ(text_of(read.body), text);
  EXPECT_EQ(header(read, kSessionHashHeader), hash);
  EXPECT_EQ(header(read, kSessionCreatorHeader), to_hex(kOwner->key_hash));
  EXPECT_EQ(cas.ask("PUT", "/v1/sessions/shop", kOwner, text).status, 409u);
  EXPECT_EQ(cas.ask("PUT", "/v1/sessions/shop", kOwner, text + "predecessor: " + hash + "\n").status, 200u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions/shop?hash=" + hash).status, 200u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions/shop?hash=12").status, 400u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions/shop", kBob).status, 404u);
  EXPECT_EQ(cas.ask("POST", "/v1/sessions", kNobody, text).status, 401u);
  EXPECT_EQ(cas.ask("POST", "/v1/sessions", kBob, session_text("bobs")).status, 403u);
  EXPECT_EQ(json_of(cas.ask("GET", "/v1/sessions"))["sessions"], Json::array({"shop"}));
}

TEST(Api, NamesMayHaveSlashes) {
  ApiForTest cas;
  ASSERT_EQ(cas.ask("POST", "/v1/sessions", kOwner, session_text("/")).status, 201u);
  ASSERT_EQ(cas.ask("POST", "/v1/sessions", kOwner, session_text("a")).status, 201u);
  ASSERT_EQ(cas.ask("POST", "/v1/sessions", kOwner, session_text("a/b")).status, 201u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions/a/b").status, 200u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions/a%2Fb").status, 200u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions/%2F").status, 200u);
  EXPECT_EQ(cas.ask("GET", "/v1/sessions/a/b/c").status, 404u);
}

TEST(Api, ComplaintsNameThePlace) {
  ApiForTest cas;
  const Response response = cas.ask("POST", "/v1/sessions", kOwner, session_text("shop", "colour: red\n"));
  EXPECT_EQ(response.status, 422u);
  EXPECT_EQ(json_of(response)["line"], 3);
  EXPECT_EQ(json_of(response)["column"], 1);
  std::string deep = "name: shop\nsecrets: ";
  for (int i = 0; i < 2000; ++i) deep += '[';
  EXPECT_EQ(cas.ask("POST", "/v1/sessions", kOwner, deep).status, 422u);
  EXPECT_EQ(cas.ask("POST", "/v1/sessions", kOwner, "").status, 422u);
  EXPECT_EQ(cas.ask("POST", "/v1/sessions", kOwner, std::string("\xff\xfe\0x", 4)).status, 422u);
  const Json verdict = json_of(cas.ask("POST", "/v1/sessions:check", kNobody, session_text("shop", "colour: red\n")));
  EXPECT_EQ(verdict["ok"], false);
  EXPECT_EQ(verdict["problems"][0]["line"], 3);
  EXPECT_EQ(json_of(cas.ask("POST", "/v1/sessions:check", kNobody, session_text("shop")))["ok"], true);
  EXPECT_FALSE(cas.service.sessions.current("shop"));
}

TEST(Api, PublicValuesInTheDocumentedForm) {
  ApiForTest cas;
  ASSERT_EQ(cas.ask("POST", "/v1/sessions", kOwner,
                    session_text("shop",
                                 "secrets:\n- {name: open, kind: binary, value: 00ff, export_public: true}\n"
                                 "- {name: key, kind: private-key}\n"
                                 "- {name: ca, kind: x509-ca, private_key: key, export_public: true}\n"
                                 "- {name: closed, kind: ascii}\n"))
                .status,
            201u);
  const Json open = json_of(cas.ask("GET", "/v1/values/session=shop,secret=open", kNobody));
  EXPECT_EQ(open["kind"], "binary");
  EXPECT_EQ(open["value"], "00ff");
  const Json all = json_of(cas.ask("GET", "/v1/values/session=shop", kNobody));
  EXPECT_EQ(all["values"].size(), 2u);
  EXPECT_TRUE(all["values"]["ca"]["value"].get<std::string>().starts_with("-----BEGIN CERTIFICATE-----"));
  EXPECT_TRUE(all["values"]["ca"]["expires"].is_string());
  EXPECT_EQ(cas.ask("GET", "/v1/values/session=shop,secret=closed", kOwner).status, 405u);
  EXPECT_EQ(cas.ask("GET", "/v1/values/session=none", kOwner).status, 405u);
  EXPECT_EQ(cas.ask("GET", "/v1/values/shop", kOwner).status, 400u);
}

TEST(Api, AuditLogForTheOwnerAlone) {
  ApiForTest cas;
  for (const char* name : {"a", "b", "c"}) cas.ask("POST", "/v1/sessions", kOwner, session_text(name));
  EXPECT_EQ(cas.ask("GET", "/v1/audit", kAlice).status, 403u);
  EXPECT_EQ(cas.ask("GET", "/v1/audit", kNobody).status, 403u);
  const Response all = cas.ask("GET", "/v1/audit");
  ASSERT_EQ(all.status, 200u);
  std::string problem;
  const auto verified =
      audit::verify_export(text_of(all.body), {.key = cas.service.store->audit_key(), .earlier = {}}, problem);
  ASSERT_TRUE(verified.ok()) << problem;
  const std::uint64_t newest = verified.value().head.at.sequence;
  EXPECT_EQ(verified.value().entries.size(), newest);
  EXPECT_EQ(cas.ask("GET", "/v1/audit?from=2&to=3").status, 200u);
  EXPECT_EQ(cas.ask("GET", "/v1/audit?from=" + std::to_string(newest + 1)).status, 200u);
  for (const std::string& query :
       {std::string("from=0"), std::string("from=x"), std::string("from=-1"), std::string("to=99999"),
        std::string("from=3&to=1"), "from=" + std::to_string(newest + 2), std::string("from=18446744073709551615"),
        std::string("to=18446744073709551615"), std::string("from=")})
    EXPECT_EQ(cas.ask("GET", "/v1/audit?" + query).status, 400u) << query;
}

TEST(Api, ClockIsSetBackByTheOwner) {
  ApiForTest cas;
  const std::string target = "/v1/clock:reset?time=" + std::to_string(kNow / 1000);
  cas.service.now += 86'400'000;
  ASSERT_EQ(cas.ask("POST", "/v1/sessions", kOwner, session_text("a")).status, 201u);
  cas.service.now -= 86'400'000;
  EXPECT_EQ(cas.ask("POST", target, kAlice).status, 403u);
  EXPECT_EQ(cas.ask("GET", target).status, 405u);
  for (const char* query : {"", "?time=", "?time=x", "?time=-1", "?time=18446744073709551615"})
    EXPECT_EQ(cas.ask("POST", std::string("/v1/clock:reset") + query).status, 400u) << query;
  EXPECT_EQ(cas.ask("POST", "/v1/clock:reset?time=0").status, 409u);
  const Response done = cas.ask("POST", target);
  EXPECT_EQ(done.status, 200u) << text_of(done.body);
  EXPECT_EQ(json_of(done)["to"], dcap::iso_time(static_cast<dcap::UnixTime>(kNow / 1000)));
  EXPECT_EQ(cas.ask("POST", target).status, 409u);
}

TEST(Api, NoAnswerHasAGeneratedSecret) {
  ApiForTest cas;
  const std::string text =
      session_text("shop", "secrets:\n- {name: password, kind: ascii}\n- {name: key, kind: private-key}\n");
  ASSERT_EQ(cas.ask("POST", "/v1/sessions", kOwner, text).status, 201u);
  const auto live = cas.service.sessions.current("shop");
  const std::string password(text_of(live->materials.find("password")->second.value));
  ASSERT_EQ(password.size(), 20u);
  for (const char* target : {"/v1/sessions/shop", "/v1/sessions", "/v1/audit", "/v1/values/session=shop"})
    EXPECT_EQ(text_of(cas.ask("GET", target).body).find(password), std::string_view::npos) << target;
}

}  // namespace cloister::cas
