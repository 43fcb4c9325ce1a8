// SPDX-License-Identifier: Apache-2.0
// Which refusals at the enclaves' port become rows of the audit log: enough to see an attack, and not so many that
// strangers could fill the disk. Inside CAS's enclave; thread-safe.
//
// Grants have nothing to do with it. Whoever has no quote that verifies cannot use up the rows of those who have one:
// an owner finds why a service of his was refused while strangers besiege the port.
#pragma once
#include "src/cas/server/release_decider.h"
#include "src/cas/sessions/refusals.h"

namespace cloister::cas {

// What a refused enclave is told instead of a reference where there is no row.
inline constexpr char kNotWritten[] = "not-written";

class RefusalRows {
 public:
  // Whether the refusal's entry is to be written. If it is, its text then says how many before it were not; if it is
  // not, its reference names none. A row that moves the bound of time is always written: that costs whoever wants many
  // of them as many signed documents, each newer than the last.
  bool admit(Release& refused, const TimeBound& bound) {
    audit::Entry& entry = refused.entry;
    RefusalBudget& budget = entry.actor.kind == audit::Actor::Kind::enclave ? proven_ : unproven_;
    const auto unwritten = budget.take(entry.time);
    if (!unwritten) {
      if (TimeBound moved = bound; !bound.knows(refused.seen) && moved.note(refused.seen)) return true;
      entry.reference = kNotWritten;
      return false;
    }
    append_unwritten(entry.text, *unwritten);
    return true;
  }

 private:
  RefusalBudget unproven_, proven_;
};

}  // namespace cloister::cas
