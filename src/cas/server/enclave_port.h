// SPDX-License-Identifier: Apache-2.0
// The port at which enclaves attest: the protocol's order of messages, limits and deadlines. In the enclave.
//
// Until GRANT a connection has little memory and a deadline for each step. Afterwards it stays open while the program
// runs, and only EXIT may come.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include "src/base/endpoint.h"
#include "src/cas/server/release_decider.h"
#include "src/cas/server/tls.h"

namespace cloister::cas {

struct EnclavePortOptions {
  Endpoint at;                           // port 0: any; port() says which
  std::size_t connection_count = 20000;  // more are closed at once
  unsigned step_seconds = 10;            // for each message but EVIDENCE
  unsigned evidence_seconds = 60;        // the enclave asks its quoting service meanwhile
  unsigned threads = 2;                  // that verify and decide
};

class EnclavePort {
 public:
  // Decides on a worker's thread. Collateral may have to be fetched first: it calls `done` then, from any thread.
  using Decide = std::function<void(Attempt, std::function<void(Release)> done)>;

  // Listens. `problem` is one line when it cannot.
  static Result<std::unique_ptr<EnclavePort>> open(const EnclavePortOptions& options, const Identity& identity,
                                                   SealedStore& store, Committer& committer, Decide decide, Clock clock,
                                                   std::string& problem);
  virtual ~EnclavePort() = default;
  virtual std::uint16_t port() const = 0;
  virtual std::size_t connections() const = 0;
  // Takes no more connections, closes those there are and waits for them.
  virtual void stop() = 0;
};

}  // namespace cloister::cas
