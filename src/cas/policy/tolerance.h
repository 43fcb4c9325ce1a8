// SPDX-License-Identifier: Apache-2.0
// Whether a session accepts a platform's TCB: Intel's statuses and advisories against the language's tolerations.
// Inside CAS's enclave; pure. The table is in docs/policy-decisions.md.
#pragma once
#include "src/cas/policy/refusal.h"
#include "src/cas/policy/settings.h"
#include "src/dcap/verify.h"

namespace cloister::cas {

class Tolerance {
 public:
  Tolerance(const session::Security& security, const Settings& settings);

  bool tolerates(session::Toleration toleration) const;
  // Also by the toleration that stands for this one advisory.
  bool ignores(const std::string& advisory) const;
  // Everything about the platform that is not tolerated.
  std::vector<Refusal> refusals(const dcap::Verified<dcap::Quote>& quote) const;

 private:
  bool configuration_is_tolerated(const std::vector<std::string>& advisories) const;

  std::vector<session::Toleration> tolerated_;
  std::vector<std::string> ignored_;
  bool ignores_all_;
};

}  // namespace cloister::cas
