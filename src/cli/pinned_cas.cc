// SPDX-License-Identifier: Apache-2.0
#include "src/cli/pinned_cas.h"
#include "src/cli/complain.h"

namespace cloister {
namespace {
constexpr int kRefused = 1, kUnusable = 2;
}  // namespace

int ask_pinned(client::CasClient& client, const client::Question& question, nlohmann::ordered_json& answer) {
  std::string problem;
  const auto response = client.ask(question, problem);
  if (!response.ok()) return complain(problem, response.error().code() == Errc::mismatch ? kRefused : kUnusable);
  if (response.value().status != 200)
    return complain(client.pin().address + ": " + client::error_text(response.value()),
                    response.value().status >= 500 ? kUnusable : kRefused);
  const auto& body = response.value().body;
  answer = nlohmann::ordered_json::parse(body.begin(), body.end(), nullptr, false);
  return answer.is_object() ? 0 : malformed_answer(client);
}

int malformed_answer(const client::CasClient& client) {
  return complain(client.pin().address + ": the answer is malformed", kUnusable);
}

}  // namespace cloister
