// SPDX-License-Identifier: Apache-2.0
// Entries, the chain and exports: what is changed is refused, and the line is named.
#include <gtest/gtest.h>
#include "src/audit/export.h"

namespace cloister::audit {
namespace {

template <typename T>
T must(Result<T> result) {
  EXPECT_TRUE(result.ok()) << result.error().what();
  return std::move(result).take();
}

Entry sample(std::uint64_t sequence) {
  Entry entry;
  entry.kind = Kind::attestation_refused;
  entry.sequence = sequence;
  entry.time = 1'790'000'000'000 + sequence;
  entry.actor = {Actor::Kind::enclave, {0xab, 0xcd}};
  entry.subject = "shop/nginx";
  entry.subject_hash = {1, 2, 3};
  entry.reference = "r-17";
  entry.code = 2;
  entry.text = "the TCB is out of date \"INTEL-SA-00615\"\n";
  entry.state = {9};
  return entry;
}

// A log of some entries and its text.
struct Log {
  AuditKey key = must(AuditKey::from_seed(std::array<std::uint8_t, 32>{7}));
  std::vector<Position> positions{chain_start(key.public_key())};
  std::vector<std::string> lines{export_header(key.public_key(), positions[0])};

  explicit Log(std::uint64_t count = 5) {
    for (std::uint64_t i = 1; i <= count; ++i) add(sample(i));
    lines.push_back(export_head(must(key.sign(positions.back()))));
  }
  void add(const Entry& entry) {
    const auto bytes = encode_entry(entry);
    positions.push_back(chain_next(positions.back(), bytes));
    lines.push_back(export_line(bytes, entry));
  }
  std::string text() const {
    std::string all;
    for (const std::string& line : lines) all += line;
    return all;
  }
};

// The problem's text, or "ok".
std::string verdict(const std::string& text, const Expectations& expectations = {}) {
  std::string problem;
  const auto verified = verify_export(text, expectations, problem);
  EXPECT_NE(verified.ok(), !problem.empty());
  return verified.ok() ? "ok" : problem;
}

TEST(AuditEntry, HasOneEncoding) {
  const Entry entry = sample(3);
  const auto bytes = encode_entry(entry);
  EXPECT_EQ(must(decode_entry(bytes)), entry);
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_entry(Bytes(bytes).first(size)).ok());
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode_entry(longer).ok());
  // Any byte is part of some field: with another value it is refused or says something else.
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] ^= 0x80;
    const auto decoded = decode_entry(changed);
    EXPECT_TRUE(!decoded.ok() || decoded.value() != entry) << i;
  }
}

TEST(AuditEntry, LimitsOfWriterAndReaderAgree) {
  Entry entry = sample(1);
  entry.subject.assign(kSubjectLimit, '\0');
  entry.reference.assign(kReferenceLimit, '\xff');
  entry.text.assign(kTextLimit, '\n');
  ASSERT_TRUE(check_entry(entry).ok());
  const auto bytes = encode_entry(entry);
  EXPECT_EQ(must(decode_entry(bytes)), entry);
  // Such texts can be exported, too.
  const AuditKey key = must(AuditKey::generate());
  const Position start = chain_start(key.public_key());
  const std::string text = export_header(key.public_key(), start) + export_line(bytes, entry) +
                           export_head(must(key.sign(chain_next(start, bytes))));
  EXPECT_EQ(verdict(text), "ok");
  for (std::string Entry::*const member : {&Entry::subject, &Entry::reference, &Entry::text}) {
    Entry longer = entry;
    longer.*member += 'x';
    EXPECT_FALSE(check_entry(longer).ok());
    EXPECT_FALSE(decode_entry(encode_entry(longer)).ok());
  }
}

TEST(AuditExport, Verifies) {
  const Log log;
  std::string problem;
  const auto verified = must(verify_export(log.text(), {.key = log.key.public_key(), .earlier = {}}, problem));
  EXPECT_EQ(verified.entries.size(), 5u);
  EXPECT_EQ(verified.entries[4], sample(5));
  EXPECT_EQ(verified.head.at, log.positions[5]);
  EXPECT_EQ(verdict(Log(0).text()), "ok");
}

TEST(AuditExport, ContainsAnEarlierHead) {
  const Log log;
  for (const Position& earlier : log.positions) EXPECT_EQ(verdict(log.text(), {.key = {}, .earlier = earlier}), "ok");
  Position forked = log.positions[3];
  forked.hash[0] ^= 1;
  EXPECT_EQ(verdict(log.text(), {.key = {}, .earlier = forked}),
            "line 4: here the log is another one than was seen before: it was rolled back or forked");
  EXPECT_EQ(verdict(log.text(), {.key = {}, .earlier = Position{6, {}}}),
            "the log has gone back: its head is entry 5, and entry 6 was seen before");
  // A later part of the log still has to reach the earlier head.
  const std::string part =
      export_header(log.key.public_key(), log.positions[3]) + log.lines[4] + log.lines[5] + log.lines[6];
  EXPECT_EQ(verdict(part), "ok");
  EXPECT_EQ(verdict(part, {.key = {}, .earlier = log.positions[3]}), "ok");
  EXPECT_EQ(verdict(part, {.key = {}, .earlier = log.positions[2]}),
            "line 1: the export begins after the entry that was seen before: ask for more");
}

TEST(AuditExport, AnotherKeyIsRefused) {
  const Log log;
  EXPECT_NE(verdict(log.text(), {.key = must(AuditKey::generate()).public_key(), .earlier = {}}), "ok");
  // Everything signed again by somebody else, who kept the entries.
  Log other;
  const AuditKey key = must(AuditKey::generate());
  other.lines.front() = export_header(key.public_key(), log.positions[0]);
  other.lines.back() = export_head(must(key.sign(log.positions.back())));
  EXPECT_EQ(verdict(other.text()), "line 1: the log does not begin as a log of this key does");
}

TEST(AuditExport, EveryChangedByteIsRefused) {
  const std::string text = Log(2).text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(verdict(changed), "ok") << "byte " << i << " of " << text;
    if (i + 1 < text.size()) {
      EXPECT_NE(verdict(text.substr(0, i)), "ok") << i;
    }
  }
}

TEST(AuditExport, LinesThatMoveAreRefused) {
  const Log log;
  for (std::size_t i = 0; i < log.lines.size(); ++i) {
    Log missing = log, twice = log, swapped = log;
    missing.lines.erase(missing.lines.begin() + static_cast<std::ptrdiff_t>(i));
    twice.lines.insert(twice.lines.begin() + static_cast<std::ptrdiff_t>(i), log.lines[i]);
    EXPECT_NE(verdict(missing.text()), "ok") << i;
    EXPECT_NE(verdict(twice.text()), "ok") << i;
    if (i + 1 == log.lines.size()) break;
    std::swap(swapped.lines[i], swapped.lines[i + 1]);
    EXPECT_NE(verdict(swapped.text()), "ok") << i;
  }
  EXPECT_EQ(verdict(log.text() + "\n"), "line 8: there is more after the head");
}

TEST(AuditExport, TheLineSaysWhatTheBytesSay) {
  Log log;
  const Entry said = sample(2);
  Entry shown = said;
  shown.kind = Kind::attestation_granted;
  log.lines[2] = export_line(encode_entry(said), shown);
  EXPECT_EQ(verdict(log.text()), "line 3: the line says something else than the entry's bytes");
}

TEST(AuditExport, WhatIsNoExport) {
  for (const std::string text : {"", "\n", "{}\n", "[]\n", "{\"audit_key\":1}\n", "\xff\n"})
    EXPECT_NE(verdict(text), "ok") << text;
  EXPECT_NE(verdict(std::string(1 << 20, '[')), "ok");
  EXPECT_NE(verdict("{\"a\":" + std::string(60000, '[') + "\n"), "ok");
}

TEST(AuditHead, SignatureIsOverSequenceAndHash) {
  const AuditKey key = must(AuditKey::generate());
  const Head head = must(key.sign({5, {1}}));
  EXPECT_TRUE(verify_head(head, key.public_key()).ok());
  Head other = head;
  other.at.sequence = 6;
  EXPECT_FALSE(verify_head(other, key.public_key()).ok());
  other = head;
  other.at.hash[31] ^= 1;
  EXPECT_FALSE(verify_head(other, key.public_key()).ok());
  EXPECT_FALSE(verify_head(head, must(AuditKey::generate()).public_key()).ok());
  EXPECT_FALSE(verify_head(head, PublicKeyBytes{}).ok());
  // The key survives its seed.
  const SecretBytes seed = must(key.seed());
  const AuditKey again = must(AuditKey::from_seed(std::span<const std::uint8_t, 32>(seed.data(), 32)));
  EXPECT_EQ(again.public_key(), key.public_key());
  EXPECT_EQ(must(again.sign({5, {1}})), head);
}

}  // namespace
}  // namespace cloister::audit
