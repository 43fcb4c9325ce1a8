// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/collateral_keeper.h"
#include <algorithm>
#include <chrono>
#include "src/dcap/simulation/quoting_enclave.h"
#include "src/pccs/collect.h"

namespace cloister::cas {
namespace {
constexpr dcap::UnixTime kLongest = 86400, kAfterFailure = 10;
// Kinds of platforms; an attacker may invent more than there are.
constexpr std::size_t kPlatformLimit = 256;
constexpr std::chrono::seconds kLookEvery(30);

// Half of what is left of the shortest document, at most a day.
dcap::UnixTime renew_at(const dcap::Collateral& collateral, dcap::UnixTime now) {
  dcap::UnixTime until = std::min(collateral.tcb_info->validity.until, collateral.qe_identity->validity.until);
  for (const auto& crl : {collateral.pck_crl, collateral.root_crl})
    if (crl != nullptr) until = std::min(until, crl->validity().until);
  return now + std::clamp<dcap::UnixTime>((until - now) / 2, kAfterFailure, kLongest);
}
}  // namespace

CollateralKeeper::CollateralKeeper(CollateralServices services, Clock clock)
    : services_(std::move(services)), clock_(std::move(clock)), thread_([this] { run(); }) {}

CollateralKeeper::~CollateralKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

CollateralKeeper::Key CollateralKeeper::key_of(const dcap::CollateralRequest& request) {
  return {request.tdx, request.fmspc, request.platform_ca};
}

void CollateralKeeper::prepare(const dcap::CollateralRequest& request, Ready ready) {
  const Key key = key_of(request);
  CollateralPointer at_hand;
  std::string problem;
  {
    const std::lock_guard lock(mutex_);
    const auto known = kept_.find(key);
    if (known == kept_.end() && kept_.size() >= kPlatformLimit) {
      problem = "too many kinds of platforms";
    } else {
      Kept& kept = kept_[key];
      at_hand = kept.collateral;
      if (at_hand == nullptr && clock_() < kept.next_attempt) problem = kept.problem;
      if (at_hand == nullptr && problem.empty()) {
        kept.waiting.push_back(std::move(ready));
        wanted_.insert(key);
        changed_.notify_all();
        return;
      }
    }
  }
  ready(std::move(at_hand), problem);
}

void CollateralKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!wanted_.empty()) {
      const Key key = *wanted_.begin();
      wanted_.erase(wanted_.begin());
      fetch(lock, key);
      continue;
    }
    const dcap::UnixTime now = clock_();
    for (auto& [key, kept] : kept_)
      if (kept.collateral != nullptr && kept.next_attempt <= now) wanted_.insert(key);
    if (wanted_.empty()) changed_.wait_for(lock, kLookEvery);
  }
  for (auto& [key, kept] : kept_)
    for (Ready& ready : std::exchange(kept.waiting, {})) ready(nullptr, "CAS is stopping");
}

// Without the lock while it asks, so that others are served from what is at hand.
void CollateralKeeper::fetch(std::unique_lock<std::mutex>& lock, const Key& key) {
  const dcap::CollateralRequest request{std::get<0>(key), std::get<1>(key), std::get<2>(key)};
  const bool simulated = request.fmspc == dcap::simulation::kFmspc;
  const dcap::UnixTime now = clock_();
  lock.unlock();
  dcap::CollateralFiles files;
  std::string problem;
  const auto& service = simulated ? services_.simulation : services_.genuine;
  CollateralPointer fetched;
  if (!service) {
    problem = simulated ? "no service of simulated collateral is configured" : "no PCCS is configured";
  } else {
    pccs::collect({std::nullopt, service}, request, now, parsed_, files, problem);
    dcap::CollateralKind culprit{};
    auto collateral = dcap::parse_collateral(files, parsed_, culprit);
    if (collateral.ok())
      fetched = std::make_shared<const dcap::Collateral>(std::move(collateral).take());
    else if (problem.empty())
      problem = std::string(dcap::name(culprit)) + ": " + collateral.error().what();
    if (fetched == nullptr) problem += "; " + service->text() + " was asked";
  }
  lock.lock();
  Kept& kept = kept_[key];
  const bool older =
      fetched != nullptr && kept.collateral != nullptr &&
      fetched->tcb_info->tcb_evaluation_data_number < kept.collateral->tcb_info->tcb_evaluation_data_number;
  if (older) problem = "the service has sent older collateral than before";
  if (fetched != nullptr && !older) kept.collateral = fetched;
  kept.problem = problem;
  kept.next_attempt = fetched != nullptr && !older ? renew_at(*fetched, now) : now + kAfterFailure;
  std::vector<Ready> waiting = std::exchange(kept.waiting, {});
  const CollateralPointer collateral = kept.collateral;
  lock.unlock();
  for (Ready& ready : waiting) ready(collateral, problem);
  lock.lock();
}
}  // namespace cloister::cas
