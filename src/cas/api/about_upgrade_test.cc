// SPDX-License-Identifier: Apache-2.0
// Upgrades over the API: who may, and what a CAS still answers once it was handed over.
#include <gtest/gtest.h>
#include "src/cas/api/answers.h"
#include "src/cas/api/api_for_test.h"
#include "src/cas/upgrade/confirmation.h"

namespace cloister::cas {
namespace {

TEST(ApiUpgrade, IsForTheOwnerAlone) {
  ApiForTest cas;
  for (const char* method : {"GET", "POST", "DELETE"}) {
    EXPECT_EQ(cas.ask(method, "/v1/upgrade", kAlice).status, 403u) << method;
    EXPECT_EQ(cas.ask(method, "/v1/upgrade", kNobody).status, 403u) << method;
  }
  const Response state = cas.ask("GET", "/v1/upgrade");
  EXPECT_EQ(state.status, 200u);
  const Json fields = Json::parse(text_of(state.body), nullptr, false);
  EXPECT_EQ(fields["mrenclave"], to_hex(kOldMrenclave));
  EXPECT_EQ(fields["hand_overs"], 0);
  EXPECT_TRUE(fields["authorised"].is_null());
  EXPECT_EQ(cas.ask("DELETE", "/v1/upgrade").status, 409u);
  EXPECT_EQ(cas.ask("POST", "/v1/upgrade", kOwner, "no authorisation").status, 422u);
  // Anybody may ask; nobody gets anything without the owner's word.
  EXPECT_EQ(cas.ask("POST", "/v1/upgrade:hand-over", kNobody, "x").status, 403u);
}

TEST(ApiConfirmation, IsForTheOwnerAlone) {
  ApiForTest cas;
  EXPECT_EQ(cas.ask("POST", "/v1/confirmation", kAlice, "x").status, 403u);
  EXPECT_EQ(cas.ask("POST", "/v1/confirmation", kNobody, "x").status, 403u);
  EXPECT_EQ(cas.ask("POST", "/v1/confirmation", kOwner, "no confirmation").status, 422u);
  const auto others = encode(dcap::simulation::must(confirm(hash_of_key(*cas.upgrades.cas_key), *new_key())));
  EXPECT_EQ(cas.ask("POST", "/v1/confirmation", kOwner, std::string(text_of(others))).status, 409u);
}

TEST(ApiUpgrade, ACasThatWasHandedOverAnswersTheHandOverAlone) {
  ApiForTest cas;
  ASSERT_TRUE(cas.service.store->commit(put(kHandedOverRecord, "successor")).ok());
  for (const char* target : {"/v1/version", "/v1/health", "/v1/audit", "/v1/sessions", "/v1/values/session=x",
                             "/v1/upgrade", "/v1/attest?nonce=00"}) {
    const Response response = cas.ask("GET", target);
    EXPECT_EQ(response.status, 503u) << target;
    EXPECT_NE(text_of(response.body).find("handed over"), std::string_view::npos) << target;
  }
  EXPECT_EQ(cas.ask("POST", "/v1/sessions", kOwner, session_text("late")).status, 503u);
  EXPECT_EQ(cas.ask("POST", "/v1/upgrade:hand-over", kNobody, "x").status, 403u);
}

}  // namespace
}  // namespace cloister::cas
