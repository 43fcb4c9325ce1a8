// SPDX-License-Identifier: Apache-2.0
// Reads a pinned CAS's audit log part by part, and verifies each part and that it continues the one before. Owner's
// side.
#pragma once
#include <optional>
#include "src/audit/export.h"
#include "src/client/cas_client.h"

namespace cloister::client {

class AuditReader {
 public:
  explicit AuditReader(CasClient& client) : client_(client), remembered_(client.pin().seen) {}

  // The entries from `first` on, as far as one answer goes; none behind the newest. `problem` is one line.
  // Errc::mismatch for what is not this CAS's log, does not continue what was read before, or lacks the head that was
  // pinned.
  Result<audit::VerifiedExport> read(std::uint64_t first, std::string& problem);

  // The text of the last read, for who keeps it.
  const std::string& text() const { return text_; }

 private:
  CasClient& client_;
  const audit::Position remembered_;    // the pinned head of before
  std::optional<audit::Position> end_;  // of what was read
  std::string text_;
};

}  // namespace cloister::client
