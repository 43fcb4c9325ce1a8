// SPDX-License-Identifier: Apache-2.0
// What an enclave gets in GRANT: a service's command, environment, working directory and files with all secrets filled
// in. Inside CAS's enclave; pure. It is the only place that opens secrets for an enclave, and it opens them for a
// verified quote and the match that was decided on it.
#pragma once
#include "src/cas/policy/decide.h"
#include "src/cas/secrets/material.h"
#include "src/release/configuration.h"

namespace cloister::cas {

// For match.service(). `materials` are those of match.session(). Placeholders are filled in one pass, and what the host
// contributes (@@N, \@\@NAME) stays a place in the structure, which the enclave fills. Errc::mismatch if the match is
// of another quote; Errc::invalid with *problem filled in, which check_configurations() rules out beforehand.
Result<release::Configuration> make_configuration(const dcap::Verified<dcap::Quote>& quote, const PolicyMatch& match,
                                                  const Materials& materials, yaml::Problem* problem);

// Whether every service of a session can be given its configuration. When a session is created: what is wrong shall be
// seen then, by its author, and not when a service starts.
Result<void> check_configurations(const session::Session& session, const Materials& materials, yaml::Problem* problem);

}  // namespace cloister::cas
