// SPDX-License-Identifier: Apache-2.0
// CAS's API for clients: from a request to its answer, without the connection. Inside CAS's enclave; thread-safe.
// openapi.json describes it, and a test holds the two together.
//
// Every answer carries the signed head of the audit log, so that a client notices a CAS that went back. No answer has a
// generated secret's value but those that are public, and no error has a part of what was sent.
#pragma once
#include "src/cas/api/cas_evidence.h"
#include "src/cas/api/http.h"
#include "src/cas/sessions/sessions.h"
#include "src/cas/upgrade/upgrades.h"

namespace cloister::cas {

class Api {
 public:
  // Whether CAS can serve attestations; empty when it can, otherwise why not.
  using Readiness = std::function<std::string()>;

  Api(Sessions& sessions, SealedStore& store, Upgrades& upgrades, CasEvidence& evidence, CasIdentity identity,
      Readiness readiness);

  Response handle(const Request& request, const ClientIdentity& client);
  // For what never becomes a request.
  Response refuse(unsigned status, const std::string& what, const std::string& hint);

  struct Call {
    const Request& request;
    const ClientIdentity& client;
    std::map<std::string, std::string> query;
    std::string name;  // what the route leaves open, unescaped
  };
  struct Route {
    const char* method;
    const char* path;                     // as openapi.json writes it; "{name}" is at the end, if there
    std::vector<const char*> parameters;  // of the query
    Response (Api::*answer)(const Call&);
  };
  static const std::vector<Route>& routes();

 private:
  Response version(const Call& call);
  Response health(const Call& call);
  Response ready(const Call& call);
  Response attest(const Call& call);
  Response certificate(const Call& call);
  Response create(const Call& call);
  Response update(const Call& call);
  Response read(const Call& call);
  Response list(const Call& call);
  Response check(const Call& call);
  Response values(const Call& call);
  Response audit(const Call& call);
  Response reset_clock(const Call& call);
  Response description(const Call& call);
  Response upgrade(const Call& call);
  Response authorise_upgrade(const Call& call);
  Response withdraw_upgrade(const Call& call);
  Response hand_over(const Call& call);
  Response confirm(const Call& call);
  Response dispatch(const Request& request, const ClientIdentity& client);

  Sessions& sessions_;
  SealedStore& store_;
  Upgrades& upgrades_;
  CasEvidence& evidence_;
  const CasIdentity identity_;
  const Readiness readiness_;
};

// openapi.json, as it was when this was built.
std::string_view openapi();

}  // namespace cloister::cas
