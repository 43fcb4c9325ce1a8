// SPDX-License-Identifier: Apache-2.0
// One entry of CAS's audit log and its bytes: what the chain hashes, what is sealed, what an export shows. Both sides;
// pure functions. docs/cas-store.md has the encoding.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>
#include "src/base/fields.h"
#include "src/base/result.h"
#include "src/sgx/measurement.h"

namespace cloister::audit {

using sgx::Digest;

inline constexpr std::size_t kSubjectLimit = 1024;
inline constexpr std::size_t kReferenceLimit = 64;
inline constexpr std::size_t kTextLimit = 4096;

enum class Kind : std::uint8_t {
  log_started = 1,      // the first entry of every log
  cas_started,          // text: version, listening addresses
  cas_stopped,          //
  session_created,      // subject: session, subject_hash: its hash; likewise below
  session_read,         //
  session_updated,      // text: hash of the predecessor, and what else the owner should know
  session_listed,       //
  request_refused,      // at the owner's interface; text: cause
  attestation_granted,  // subject: session/service; text: what was proven
  attestation_refused,  // code: that of DENY, reference: what the enclave was told, text: cause, for the owner alone
  service_exited,       // code and value: kind and value of EXIT, text: reason
  clock_reset,          // the owner has lowered the bound of time; text: from, to
  upgrade_authorised,   // by the owner; subject_hash: MRENCLAVE that may take over; text: what else was allowed
  upgrade_withdrawn,    // by the owner
  handed_over,          // the last entry of this program; subject_hash: MRENCLAVE that may go on; text: what was proven
  taken_over,           // the first entry of its successor; subject_hash: its MRENCLAVE
  sealed_anew,          // at a start, under a newer security version; text: from, to
  key_confirmed,        // by the owner: the CAS key is that of his CAS; subject_hash: its hash
};
inline constexpr Kind kLastKind = Kind::key_confirmed;
// "session_created" and so on.
const char* name(Kind kind);

// Who caused it.
struct Actor {
  enum class Kind : std::uint8_t {
    cas = 0,          // CAS itself; the identity is zero
    certificate = 1,  // SHA-256 of the client's SubjectPublicKeyInfo
    enclave = 2,      // MRENCLAVE of a verified quote
    unknown = 3,      // whoever connected; the identity is zero, or what an unverified quote claims
  };
  Kind kind = Kind::cas;
  Digest identity{};
  bool operator==(const Actor&) const = default;
};
const char* name(Actor::Kind kind);

struct Entry {
  Kind kind = Kind::log_started;
  std::uint64_t sequence = 0;  // from 1, without gaps; the log sets it
  std::uint64_t time = 0;      // milliseconds since 1970, the clock that CAS saw
  Actor actor;
  std::string subject;    // at most kSubjectLimit bytes, likewise below; any bytes
  Digest subject_hash{};  // zero where there is none
  std::string reference;
  std::uint32_t code = 0;
  std::uint32_t value = 0;
  std::string text;
  // Commitment to all records after the mutation that this entry belongs to; the log sets it. It can be checked with
  // the store's keys alone. By it the same head means the same records.
  Digest state{};
  bool operator==(const Entry&) const = default;
};

// Errc::invalid for a text over its limit.
Result<void> check_entry(const Entry& entry);
// The one encoding.
std::vector<std::uint8_t> encode_entry(const Entry& entry);
Result<Entry> decode_entry(Bytes bytes);

}  // namespace cloister::audit
