// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/predecessor.h"
#include <sys/stat.h>
#include <cerrno>
#include <chrono>
#include <thread>
#include "src/cas/upgrade/upgrades.h"
#include "src/https/error_text.h"

namespace cloister::cas {
namespace {

using Clockwork = std::chrono::steady_clock;
constexpr auto kLetGo = std::chrono::seconds(60);  // until the predecessor's process has ended
constexpr auto kLookEvery = std::chrono::milliseconds(100);
constexpr unsigned kAnswerSeconds = 90;  // it may have to fetch collateral

Result<std::vector<std::uint8_t>> ask(const std::string& address, Bytes request, std::string& problem) {
  const auto url = https::Url::parse("https://" + address + "/v1/upgrade:hand-over");
  if (!url.ok()) {
    problem = "--upgrade-from " + address + ": " + url.error().what();
    return url.error();
  }
  // Whose key it is plays no part: what counts is who has signed the answer.
  const auto response = https::exchange({.url = url.value(),
                                         .method = "POST",
                                         .content_type = "application/octet-stream",
                                         .body = std::string(text_of(request))},
                                        {.accept_key = [](std::span<const std::uint8_t>) { return true; },
                                         .body_limit = kHandOverAnswerLimit,
                                         .timeout_seconds = kAnswerSeconds},
                                        problem);
  if (!response.ok()) {
    problem = "the old CAS at " + address + ": " + problem + "; it must run until it has handed over";
    return response.error();
  }
  if (response.value().status == 200) return response.value().body;
  problem = "the old CAS at " + address + " does not hand over: " + https::error_text(response.value());
  return Error(Errc::mismatch, "the old CAS does not hand over");
}

Result<std::unique_ptr<SealedStore>> open_when_free(const std::string& file, const StoreKeys& keys, std::uint64_t now,
                                                    std::string& problem) {
  const auto end = Clockwork::now() + kLetGo;
  for (;;) {
    auto store = SealedStore::open(file, keys, now, problem);
    const bool in_use = !store.ok() && store.error().is_errno() && store.error().errno_value() == EBUSY;
    if (!in_use) return store;
    if (Clockwork::now() > end) {
      problem += "; stop the old CAS, which has handed over, and start this one again";
      return store.error();
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

Mutation taking_over(const Authorisation& authorisation, std::uint64_t now) {
  const std::uint64_t count = authorisation.hand_overs + 1;
  Mutation mutation;
  mutation.changes.push_back({kHandedOverRecord, std::nullopt});
  mutation.changes.push_back({kAuthorisationRecord, std::nullopt});
  mutation.changes.push_back({kHandOversRecord, FieldWriter<SecretBytes>().number(count).take()});
  audit::Entry& entry = mutation.entries.emplace_back();
  entry.kind = audit::Kind::taken_over;
  entry.time = now;
  entry.subject = "upgrade";
  entry.subject_hash = authorisation.successor.mrenclave;
  entry.text = "hand-over " + std::to_string(count) + " of this CAS";
  return mutation;
}

}  // namespace

Result<std::unique_ptr<SealedStore>> take_over(const Predecessor& predecessor, const OwnEnclave& enclave,
                                               const SealingKeySource& own, const Clock& clock, std::string& problem) {
  struct stat file {};
  if (stat(predecessor.database.c_str(), &file) != 0 || file.st_size == 0) {
    problem = "--upgrade-from: there is no database in --dir; give the folder of the old CAS";
    return Error(Errc::io, "there is no database");
  }
  const ExchangeKey key = TRY(ExchangeKey::generate());
  auto quote = enclave.quote(successor_report_data(key.public_key()));
  if (!quote.ok()) {
    problem = "--upgrade-from: no quote of this enclave can be had; is --las right?";
    return quote.error();
  }
  const auto request = encode(HandOverRequest{.key = key.public_key(), .quote = std::move(quote).take()});
  const auto answer = TRY(ask(predecessor.address, request, problem));
  auto received = open_hand_over(answer, request, key,
                                 {.mrenclave = enclave.mrenclave(), .owner_key_hash = enclave.owner_key_hash()});
  if (!received.ok()) {
    problem = "the old CAS at " + predecessor.address + ": " + received.error().what();
    return received.error();
  }
  const HandedOver& handed_over = received.value().handed_over;
  auto store = TRY(open_when_free(predecessor.database, handed_over.keys, clock(), problem));
  if (store->head().at != handed_over.head) {
    problem = predecessor.database + ": not as it was handed over: its audit log ends at entry " +
              std::to_string(store->head().at.sequence) + ", the old CAS's at entry " +
              std::to_string(handed_over.head.sequence) + "; put the file of that moment back";
    return Error(Errc::mismatch, "another state than the one that was handed over");
  }
  auto mine = SealedStore::reseal(std::move(store), own, taking_over(received.value().authorisation, clock()));
  if (!mine.ok()) problem = predecessor.database + ": cannot be sealed anew: " + mine.error().what();
  return mine;
}

}  // namespace cloister::cas
