// SPDX-License-Identifier: Apache-2.0
// What the bound of time remembers of collateral. In the enclave; pure.
#pragma once
#include "src/cas/store/time_bound.h"
#include "src/dcap/verify.h"

namespace cloister::cas {

// All of it. For what somebody has verified: marks of other documents are an attacker's.
std::vector<CollateralMark> marks_of(const dcap::Collateral& collateral, const dcap::TrustAnchor& root);

// Of the documents whose signatures held in this judgement, whether its end is good or not: all of them, the CRLs alone
// where one of them ended it, or none. A refusal must be remembered, too: the host could bring back what was in force
// before it.
std::vector<CollateralMark> judged_marks(const dcap::Collateral& collateral, const dcap::TrustAnchor& root,
                                         const dcap::Verdict& verdict);

}  // namespace cloister::cas
