// SPDX-License-Identifier: Apache-2.0
// `cloister cas audit tail` and `verify`: the audit log of a CAS that is trusted, for its owner. Owner's tool.
#pragma once
namespace cloister {
int cas_audit_verb(int argc, char** argv);
}  // namespace cloister
