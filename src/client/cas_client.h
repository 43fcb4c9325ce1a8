// SPDX-License-Identifier: Apache-2.0
// Talks to a CAS that was attested, and to no other: the server must have the pinned key, and its audit log may not
// have gone back. Owner's side.
#pragma once
#include "src/client/state.h"
#include "src/https/error_text.h"

namespace cloister::client {

inline constexpr char kDefaultPort[] = "8081";
// "HOST[:PORT]", or the same after https://; Errc::invalid otherwise.
Result<https::Url> cas_url(const std::string& address);
// HOST:PORT, as pins have it.
std::string address_of(const https::Url& url);

struct Question {
  std::string method = "GET";
  std::string path;  // with the query, escaped
  std::string content_type = {}, body = {};
};

class CasClient {
 public:
  // An empty address is the only CAS that is pinned. Errc::invalid when it is not pinned, or not the only one;
  // `problem` says what to do.
  static Result<CasClient> open(State state, const std::string& address, std::string& problem);
  // With the user's own state.
  static Result<CasClient> open(const std::string& address, std::string& problem) {
    return open(TRY(State::open(problem)), address, problem);
  }

  const Pin& pin() const { return pin_; }
  const State& state() const { return state_; }
  // Any status. Errc::mismatch for another server and for a CAS that went back; Errc::io when there was no answer.
  // CAS's owner asks for the log up to a later head, too: an older copy that went on from there has grown past what was
  // seen.
  Result<https::Response> ask(const Question& question, std::string& problem);

 private:
  CasClient(State state, Pin pin, OwnerKey key, https::Url url)
      : state_(std::move(state)), pin_(std::move(pin)), key_(std::move(key)), url_(std::move(url)) {}
  Result<https::Response> exchange(const Question& question, std::string& problem) const;
  Result<void> check_head(const https::Response& response, std::string& problem);
  // Whether the log goes on from `seen` to `head`, entry by entry.
  Result<void> check_continues(audit::Position seen, const audit::Position& head, std::string& problem) const;

  State state_;
  Pin pin_;
  OwnerKey key_;
  https::Url url_;
};

using https::error_text;

inline constexpr std::size_t kAnswerLimit = 64 << 20;

}  // namespace cloister::client
