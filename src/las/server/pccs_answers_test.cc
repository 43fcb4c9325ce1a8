// SPDX-License-Identifier: Apache-2.0
#include "src/las/server/pccs_answers.h"
#include <gtest/gtest.h>
#include <map>
#include "src/base/hex.h"
#include "src/dcap/simulation/world_for_test.h"
#include "src/https/url.h"

namespace cloister::las {
namespace {
using dcap::CollateralKind;

struct Documents {
  dcap::simulation::World world;
  dcap::CollateralFiles files = world.files();

  PccsAnswer get(const std::string& target) const {
    return pccs_answer(target, files, dcap::simulation::kCollateralRequest);
  }
};
std::string text_of(const dcap::OwnedBytes& bytes) { return {bytes.begin(), bytes.end()}; }
}  // namespace

TEST(PccsAnswers, WhatAVerifierAsks) {
  const Documents documents;
  const auto& files = documents.files;
  const std::string api = "/sgx/certification/v4/";
  const PccsAnswer tcb = documents.get(api + "tcb?fmspc=53494d000000");
  EXPECT_EQ(tcb.status, 200u);
  EXPECT_EQ(tcb.body, files[CollateralKind::tcb_info].bytes);
  const std::map<std::string, std::string> headers(tcb.headers.begin(), tcb.headers.end());
  EXPECT_EQ(https::percent_decoded(headers.at("TCB-Info-Issuer-Chain")),
            text_of(files[CollateralKind::tcb_signing].bytes));
  EXPECT_EQ(documents.get(api + "qe/identity").body, files[CollateralKind::qe_identity].bytes);
  EXPECT_EQ(documents.get(api + "pckcrl?ca=platform&encoding=der").body, files[CollateralKind::pck_crl].bytes);
  EXPECT_EQ(text_of(documents.get(api + "pckcrl?ca=platform").body), to_hex(files[CollateralKind::pck_crl].bytes));
  EXPECT_EQ(text_of(documents.get(api + "rootcacrl").body), to_hex(files[CollateralKind::root_crl].bytes));
  EXPECT_EQ(documents.get("/sgx/certification/v3/rootcacrl?encoding=der").body, files[CollateralKind::root_crl].bytes);
}

TEST(PccsAnswers, WhatThereIsNot) {
  const Documents documents;
  for (const auto& [target, status] :
       {std::pair{"/", 404u}, std::pair{"", 404u}, std::pair{"/sgx/certification/v2/rootcacrl", 404u},
        std::pair{"/tdx/certification/v4/qe/identity", 404u}, std::pair{"/sgx/certification/v4/tcb", 400u},
        std::pair{"/sgx/certification/v4/tcb?fmspc=53494d00000", 400u},
        std::pair{"/sgx/certification/v4/tcb?fmspc=zz", 400u}, std::pair{"/sgx/certification/v4/tcb?&&=&fmspc", 400u},
        std::pair{"/sgx/certification/v4/tcb?fmspc=00906ed50000", 404u},
        std::pair{"/sgx/certification/v4/pckcrl", 400u}, std::pair{"/sgx/certification/v4/pckcrl?ca=x", 400u},
        std::pair{"/sgx/certification/v4/pckcrl?ca=processor", 404u},
        std::pair{"/sgx/certification/v4/rootcacrl/../../root-key.pem", 404u}}) {
    const PccsAnswer answer = documents.get(target);
    EXPECT_EQ(answer.status, status) << target;
    EXPECT_TRUE(answer.body.empty()) << target;
  }
}
}  // namespace cloister::las
