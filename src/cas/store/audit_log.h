// SPDX-License-Identifier: Apache-2.0
// The audit log inside the store: its key, where it stands, and its sealed rows. In the enclave; not thread-safe. The
// entries and their chain are in src/audit.
#pragma once
#include "src/audit/chain.h"
#include "src/cas/store/sealer.h"

namespace cloister::cas {

class AuditLog {
 public:
  // Between two marks there are so many entries; a part of the log is verified from the mark before it to the one
  // behind.
  static constexpr std::uint64_t kMarkDistance = 256;

  AuditLog(audit::AuditKey key, Sealer rows);

  const audit::AuditKey& key() const { return key_; }
  const audit::Position& position() const { return position_; }
  const audit::Head& head() const { return head_; }

  struct Row {
    audit::Position after;  // where the log stands with it
    std::vector<std::uint8_t> sealed;
  };
  // The row that follows `before`; sets the entry's sequence. Nothing changes until adopt().
  Result<Row> make_row(const audit::Position& before, audit::Entry entry) const;

  struct OpenedRow {
    audit::Position after;
    SecretBytes bytes;  // of the entry, as the chain has them
    audit::Entry entry;
  };
  // A row as the file has it. Errc::mismatch when it is not the one that follows `before`.
  Result<OpenedRow> open_row(const audit::Position& before, std::uint64_t sequence, Bytes sealed) const;

  // The log now stands at `position`, whose marks on the way there were `marks`. `head` is signed for it.
  void adopt(const audit::Head& head, std::span<const audit::Digest> marks);

  // The last mark at or before `sequence`, the first at or behind it; behind the last one is where the log stands.
  audit::Position mark_before(std::uint64_t sequence) const;
  audit::Position mark_behind(std::uint64_t sequence) const;

 private:
  audit::AuditKey key_;
  Sealer rows_;
  audit::Position position_;
  audit::Head head_;
  std::vector<audit::Digest> marks_;  // of 0, kMarkDistance, 2 kMarkDistance…
};

}  // namespace cloister::cas
