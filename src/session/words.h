// SPDX-License-Identifier: Apache-2.0
// Parts of a session in words, for diff and explain. No values of secrets. Pure.
#pragma once
#include <string>
#include "src/session/model.h"

namespace cloister::session {
std::string words_of(const Rule& rule);                   // "its creator, or whoever has key 1f2e…"
std::string words_of(const AttestationVariant& variant);  // "MRENCLAVE 1f2e… signed by …"
std::string words_of(const Peer& peer);                   // "session a/b in state 1f2e…"
std::string words_of(const Service& service);             // its command as it was split, one argument in quotes each
std::string words_of_duration(std::uint64_t seconds);
}  // namespace cloister::session
