// SPDX-License-Identifier: Apache-2.0
// Collateral of the platforms that attest here: fetched once in the background, kept in memory, renewed before it goes
// out of force. Nobody waits for a service on the way to a release but the first enclave of a kind of platform. In the
// enclave; thread-safe.
//
// What a service sends is untrusted: verification judges it, dates included. A service that sends an older document
// than the one at hand is not believed.
#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include "src/dcap/collateral_files.h"
#include "src/pccs/service.h"

namespace cloister::cas {

using CollateralPointer = std::shared_ptr<const dcap::Collateral>;

struct CollateralServices {
  std::optional<pccs::Service> genuine;     // a PCCS or Intel's PCS
  std::optional<pccs::Service> simulation;  // what LAS publishes, for simulated platforms alone
};

class CollateralKeeper {
 public:
  using Clock = std::function<dcap::UnixTime()>;
  CollateralKeeper(CollateralServices services, Clock clock);
  ~CollateralKeeper();
  CollateralKeeper(const CollateralKeeper&) = delete;
  CollateralKeeper& operator=(const CollateralKeeper&) = delete;

  // Calls `ready` once: at once when the collateral is at hand, else on the keeper's thread when it was fetched or
  // could not be; `problem` then says why, and the collateral is null.
  using Ready = std::function<void(CollateralPointer, const std::string& problem)>;
  void prepare(const dcap::CollateralRequest& request, Ready ready);

  dcap::Cache& parsed() { return parsed_; }

 private:
  using Key = std::tuple<bool, std::array<std::uint8_t, 6>, bool>;
  struct Kept {
    CollateralPointer collateral;
    std::string problem;  // of the last attempt
    dcap::UnixTime next_attempt = 0;
    std::vector<Ready> waiting;
  };
  static Key key_of(const dcap::CollateralRequest& request);
  void run();
  void fetch(std::unique_lock<std::mutex>& lock, const Key& key);

  const CollateralServices services_;
  const Clock clock_;
  dcap::Cache parsed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, Kept> kept_;
  std::set<Key> wanted_;  // to be fetched now
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace cloister::cas
