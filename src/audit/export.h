// SPDX-License-Identifier: Apache-2.0
// A part of the audit log as text that anybody can verify: JSON lines. Both sides; pure functions.
//
//   {"cloister_audit":1,"audit_key":HEX,"first":N,"previous":HEX}      H_{N-1}, before the first entry that follows
//   {"sequence":N,"time":MS,"kind":"session_created",…,"entry":HEX}    one for each entry; HEX are its exact bytes
//   {"head":{"sequence":M,"hash":HEX,"signature":HEX}}                 signed, after the last entry
//
// What a person reads in a line is no more than what its bytes say: verifying makes the line from the bytes again and
// refuses any other. Texts that strangers sent are escaped; what is not UTF-8 in them is shown as U+FFFD.
#pragma once
#include <optional>
#include <string>
#include "src/audit/chain.h"

namespace cloister::audit {

std::string export_header(const PublicKeyBytes& key, const Position& before_first);
std::string export_line(Bytes entry_bytes, const Entry& entry);
std::string export_head(const Head& head);

struct Expectations {
  // The audit key that the reader trusts: it was named in CAS's evidence. Without it the log only agrees with itself.
  std::optional<PublicKeyBytes> key;
  // A head that the reader has seen before. The log must contain it.
  std::optional<Position> earlier;
};

struct VerifiedExport {
  PublicKeyBytes key;
  Position before_first;
  std::vector<Entry> entries;
  Head head;
};

// `problem` is one line: what, and in which line of the text. Errc::mismatch for what is not CAS's log or goes back
// behind `earlier`, Errc::unsupported for a log that begins after `earlier`, Errc::invalid for what is no export.
Result<VerifiedExport> verify_export(std::string_view text, const Expectations& expectations, std::string& problem);

}  // namespace cloister::audit
