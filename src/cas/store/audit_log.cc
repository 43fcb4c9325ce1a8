// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/audit_log.h"

namespace cloister::cas {
namespace {

// A row is bound to its place in this chain, so that one of another history does not even open.
std::vector<std::uint8_t> bound_to(const audit::Position& before) {
  return FieldWriter<std::vector<std::uint8_t>>().number(before.sequence + 1).fixed(before.hash).take();
}

}  // namespace

AuditLog::AuditLog(audit::AuditKey key, Sealer rows)
    : key_(std::move(key)),
      rows_(std::move(rows)),
      position_(audit::chain_start(key_.public_key())),
      head_{.at = position_, .signature = {}},
      marks_{position_.hash} {}

Result<AuditLog::Row> AuditLog::make_row(const audit::Position& before, audit::Entry entry) const {
  entry.sequence = before.sequence + 1;
  const auto bytes = audit::encode_entry(entry);
  auto sealed = TRY(rows_.seal(bound_to(before), bytes));
  return Row{.after = audit::chain_next(before, bytes), .sealed = std::move(sealed)};
}

Result<AuditLog::OpenedRow> AuditLog::open_row(const audit::Position& before, std::uint64_t sequence,
                                               Bytes sealed) const {
  if (sequence != before.sequence + 1) return Error(Errc::mismatch, "an entry of the audit log is missing or extra");
  auto bytes = rows_.unseal(bound_to(before), sealed);
  if (!bytes.ok()) return Error(Errc::mismatch, "an entry of the audit log was changed, moved or is of another age");
  audit::Entry entry = TRY(audit::decode_entry(bytes.value()));
  if (entry.sequence != sequence) return Error(Errc::mismatch, "an entry of the audit log has another number inside");
  const audit::Position after = audit::chain_next(before, bytes.value());
  return OpenedRow{.after = after, .bytes = std::move(bytes).take(), .entry = std::move(entry)};
}

void AuditLog::adopt(const audit::Head& head, std::span<const audit::Digest> marks) {
  position_ = head.at;
  head_ = head;
  marks_.insert(marks_.end(), marks.begin(), marks.end());
}

audit::Position AuditLog::mark_before(std::uint64_t sequence) const {
  const std::uint64_t mark = std::min<std::uint64_t>(sequence / kMarkDistance, marks_.size() - 1);
  return {mark * kMarkDistance, marks_[mark]};
}

audit::Position AuditLog::mark_behind(std::uint64_t sequence) const {
  const std::uint64_t mark = (sequence + kMarkDistance - 1) / kMarkDistance;
  if (mark >= marks_.size()) return position_;
  return {mark * kMarkDistance, marks_[mark]};
}

}  // namespace cloister::cas
