// SPDX-License-Identifier: Apache-2.0
#include "src/cli/unpinned_cas.h"
#include "src/cli/complain.h"
#include "src/client/cas_client.h"

namespace cloister {

int ask_unpinned(https::Url url, const std::string& path, UnpinnedAnswer& answer) {
  constexpr int kNoAnswer = 2;
  const std::string address = client::address_of(url);
  url.path = path;
  const https::Options options{.accept_key =
                                   [&](std::span<const std::uint8_t> key) {
                                     answer.server_key.assign(key.begin(), key.end());
                                     return true;
                                   },
                               .body_limit = 1 << 20};
  std::string problem;
  auto response = https::exchange({.url = std::move(url)}, options, problem);
  if (!response.ok()) return complain(address + ": " + problem, kNoAnswer);
  if (response.value().status != 200) return complain(address + ": " + client::error_text(response.value()), kNoAnswer);
  answer.body = std::move(response.value().body);
  return 0;
}

}  // namespace cloister
