// SPDX-License-Identifier: Apache-2.0
// What the bound of time remembers of collateral. In the enclave; pure.
#pragma once
#include "src/cas/store/time_bound.h"
#include "src/dcap/verify.h"

namespace cloister::cas {

// Of what took part in a verification that succeeded: marks of documents that nobody has verified are an attacker's.
std::vector<CollateralMark> marks_of(const dcap::Collateral& collateral, const dcap::TrustAnchor& root);

}  // namespace cloister::cas
