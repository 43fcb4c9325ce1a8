// SPDX-License-Identifier: Apache-2.0
// The lower bound of time: what CAS has seen of collateral and of the clock, so that a host cannot bring yesterday
// back. In the enclave; pure.
//
// Collateral comes from the host, and so does the clock. An old TCB info or CRL, with a clock set back to its days,
// would hide that a platform has been revoked since. Each document that took part in a verification is remembered by
// its issue date and its number, and none that is older is accepted after that; nor is a time before the newest issue
// date, nor one before what the clock has already shown.
//
// Everything is kept for each root on its own: whoever has the key of a simulation root can date documents as they
// like, and must not move the bound of Intel's.
#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>
#include "src/base/fields.h"
#include "src/base/result.h"
#include "src/dcap/time.h"

namespace cloister::cas {

// The newest of one document; collateral_marks.h makes them.
struct CollateralMark {
  std::string root;  // hexadecimal SHA-256 of the root's key
  std::string
      document;  // what and of which platform: "sgx/tcb-info/00806f050000", "crl/HASH" with the issuer's name hashed
  dcap::UnixTime issued = 0;
  std::uint64_t number = 0;  // tcbEvaluationDataNumber or CRL number; UINT64_MAX for a CRL number of more than 64 bits
  bool operator==(const CollateralMark&) const = default;
};

class TimeBound {
 public:
  static constexpr std::size_t kMarkLimit = 4096;
  // A clock that is stepped back by so much, as time servers do it, is no attack.
  static constexpr dcap::UnixTime kClockTolerance = 300;

  // Whether documents with these marks may be used at `now`, where the clock has been at `clock_seen` before (both
  // seconds since 1970). Errc::mismatch, and `problem` says in one line what is older than what.
  Result<void> accepts(dcap::UnixTime now, dcap::UnixTime clock_seen, std::span<const CollateralMark> marks,
                       std::string& problem) const;

  // Whether note() would change nothing, which is so for nearly every attestation.
  bool knows(std::span<const CollateralMark> marks) const;
  // Remembers what is newer; true when something was. Marks above the limit are not remembered: new kinds of platforms
  // and roots can be added by who may name roots, and what is known already still counts up.
  bool note(std::span<const CollateralMark> marks);

  std::vector<std::uint8_t> encode() const;
  static Result<TimeBound> decode(Bytes bytes);
  bool operator==(const TimeBound&) const = default;

 private:
  struct Seen {
    dcap::UnixTime issued;
    std::uint64_t number;
    bool operator==(const Seen&) const = default;
  };
  std::map<std::pair<std::string, std::string>, Seen> seen_;  // by root and document
};

}  // namespace cloister::cas
