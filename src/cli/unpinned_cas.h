// SPDX-License-Identifier: Apache-2.0
// Questions to a CAS that nobody has attested yet: whoever answers is named by the key of the connection. Owner's side.
#pragma once
#include <string>
#include <vector>
#include "src/https/url.h"

namespace cloister {

struct UnpinnedAnswer {
  std::vector<std::uint8_t> body;
  std::vector<std::uint8_t> server_key;  // SubjectPublicKeyInfo that the connection proved
};
// The exit status of a verb: 0, or 2 where there was no answer, after it was said.
int ask_unpinned(https::Url url, const std::string& path, UnpinnedAnswer& answer);

}  // namespace cloister
