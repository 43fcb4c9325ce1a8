// SPDX-License-Identifier: Apache-2.0
// `cloister cas evidence`: a certificate with a CAS's evidence, for third parties. Anybody's tool; it trusts nobody and
// pins nothing.
#pragma once
namespace cloister {
int cas_evidence_verb(int argc, char** argv);
}  // namespace cloister
