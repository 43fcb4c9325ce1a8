// SPDX-License-Identifier: Apache-2.0
#include "src/session/reader.h"
#include <algorithm>
#include <cstdlib>
#include "src/session/substitution.h"
#include "src/yaml/scalars.h"

namespace cloister::session {
namespace {
constexpr std::size_t kMostProblems = 100;
constexpr std::size_t kProblemSize = 2000;       // bytes of each, which may have a name of any size in it
constexpr std::size_t kMostPlaceholders = 2048;  // each is looked for in the text

bool before(const Place& a, const Place& b) { return a.line != b.line ? a.line < b.line : a.column < b.column; }

// Part of the user's text in a complaint: short, and on one line.
std::string shown(std::string_view text) {
  std::string part(text.substr(0, 64));
  std::replace_if(
      part.begin(), part.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text.size() > 64 ? part + "…" : part;
}
}  // namespace

Reader::Reader(std::string_view source, Session* session, Report* report)
    : source_(source), lines_{0}, session_(session), report_(report) {
  for (std::size_t at = 0; at < source.size(); ++at)
    if (source[at] == '\n') lines_.push_back(at + 1);
}

void Reader::refuse(const Place& place, std::string what, std::string hint) {
  if (report_->problems.size() < kMostProblems)
    report_->problems.push_back({place, what.substr(0, kProblemSize), hint.substr(0, kProblemSize)});
}
void Reader::warn(const Place& place, std::string what, std::string hint) {
  if (report_->warnings.size() < kMostProblems)
    report_->warnings.push_back({place, what.substr(0, kProblemSize), hint.substr(0, kProblemSize)});
}

void Reader::need(Version since, Version until, const std::string& what, const Place& place) {
  if (features_up_to(version()) < since)
    return refuse(place, what + " is not in version " + text_of(version()),
                  "write `version: " + text_of(since) + "` or newer");
  if (version() > until)
    refuse(place, what + " is not in version " + text_of(version()),
           std::string("it ended with version ").append(text_of(until)));
}

void Reader::use(Section section, std::string_view name, const Place& place) {
  const Feature* const feature = find_feature(section, name);
  if (feature == nullptr) std::abort();  // we are wrong: a reader and the table differ
  use(*feature, place);
}
void Reader::use(const Feature& feature, const Place& place) {
  need(feature.since, feature.until, full_name(feature), place);
  session_->uses.push_back({&feature, place});
}

bool Reader::mapping(const Value& value, Section section, const std::vector<Key>& keys) {
  const SectionRow& row = row_of(section);
  if (value.kind != Value::Kind::mapping) {
    refuse(value.place, std::string(row.title) + " must be a mapping", "write `key: value` lines");
    return false;
  }
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const std::string& name = value.keys[i];
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& known) { return name == known.name; });
    if (key == keys.end()) {
      std::vector<std::string_view> known;
      for (const Key& one : keys)
        if (find_feature(section, one.name)->since <= features_up_to(version())) known.emplace_back(one.name);
      refuse(value.key_places[i], std::string("unknown key ") + shown(name) + " in " + row.title,
             yaml::suggestion(name, known));
      continue;
    }
    use(section, name, value.key_places[i]);
    key->read(value.items[i]);
  }
  return true;
}

void Reader::sequence(const Value& value, const std::string& what, const std::function<void(const Value&)>& item) {
  if (value.kind != Value::Kind::sequence) return refuse(value.place, what + " must be a list", "write `- item` lines");
  for (const Value& content : value.items) item(content);
}
void Reader::one_or_more(const Value& value, const std::string& what, const std::function<void(const Value&)>& item) {
  if (value.kind == Value::Kind::sequence) return sequence(value, what, item);
  item(value);
}

const Feature* Reader::choice(const Value& value, Section section) {
  const std::string written = text(value, row_of(section).title);
  const Feature* const feature = find_feature(section, written);
  if (feature != nullptr) {
    use(*feature, value.place);
    return feature;
  }
  std::vector<std::string_view> known;
  for (const Feature& one : features())
    if (one.section == section && one.since <= features_up_to(version())) known.emplace_back(one.name);
  if (value.kind == Value::Kind::scalar)
    refuse(value.place, shown(written) + " is not " + row_of(section).title, yaml::suggestion(written, known));
  return nullptr;
}

std::string Reader::text(const Value& value, const std::string& what) {
  if (value.kind == Value::Kind::scalar) return value.text;
  refuse(value.place, what + (value.kind == Value::Kind::null ? " is empty" : " must be a text"),
         value.kind == Value::Kind::null ? "give a value" : "one value, quoted if it has special characters");
  return {};
}

std::string Reader::plain_text(const Value& value, const std::string& what) {
  std::string written = text(value, what);
  warn_of_placeholder(written, what, value.place);
  return written;
}
void Reader::warn_of_placeholder(std::string_view text, const std::string& what, const Place& place) {
  if (has_placeholder(text)) warn(place, what + " takes no placeholder: it stays as it is written", "write it out");
}

bool Reader::is_variable(const Value& value) const {
  return value.kind == Value::Kind::scalar && is_placeholder(value.text);
}
Template Reader::variable(const Value& value, const char* feature) {
  use(Section::substitution, feature, value.place);
  return credential_variable(value);
}
Template Reader::credential_variable(const Value& value) {
  pending_.push_back({{value.text, value.place}, HostArguments::none, true});
  return pending_.back().text;
}

Template Reader::text_template(const Value& value, const std::string& what, HostArguments host) {
  Template result{text(value, what), value.place};
  check_later(result, host);
  return result;
}
void Reader::check_later(const Template& text, HostArguments host) { pending_.push_back({text, host, false}); }

Place Reader::locate(const Place& from, std::string_view needle, std::size_t n) const {
  const std::size_t line = static_cast<std::size_t>(std::max(from.line, 1)) - 1;
  if (line >= lines_.size()) return from;
  std::size_t at = lines_[line] + static_cast<std::size_t>(std::max(from.column, 1)) - 1;
  for (std::size_t count = 0; at < source_.size(); ++count, at += needle.size()) {
    at = source_.find(needle, at);
    if (at == std::string_view::npos) return from;
    if (count < n) continue;
    const auto next = std::upper_bound(lines_.begin(), lines_.end(), at);
    return {static_cast<int>(next - lines_.begin()), static_cast<int>(at - *(next - 1)) + 1};
  }
  return from;
}

void Reader::check_templates() {
  for (const Pending& pending : pending_) check_template(pending);
}

void Reader::check_template(const Pending& pending) {
  TemplateProblem problem;
  const auto pieces = parse_template(pending.text.text, pending.host, &problem);
  if (!pieces) {
    const std::string_view begin = std::string_view(pending.text.text).substr(problem.offset, 12);
    return refuse(locate(pending.text.place, begin, 0), problem.what, problem.hint);
  }
  placeholders_ += static_cast<std::size_t>(
      std::ranges::count_if(*pieces, [](const Piece& piece) { return piece.kind != Piece::Kind::literal; }));
  if (placeholders_ > kMostPlaceholders)
    return refuse(pending.text.place, "more than " + std::to_string(kMostPlaceholders) + " placeholders in the session",
                  "divide it into several sessions");
  std::vector<std::string_view> seen;  // so that the n-th of equal placeholders is found in the text
  for (const Piece& piece : *pieces) {
    if (piece.kind == Piece::Kind::literal) continue;
    const auto n = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), piece.text));
    seen.push_back(piece.text);
    const Place place = locate(pending.text.place, piece.text, n);
    if (piece.kind == Piece::Kind::secret)
      check_reference(piece, place, pending.may_be_fragment);
    else
      use(Section::substitution, "@@N", place);
  }
}

void Reader::check_reference(const Piece& piece, const Place& place, bool may_be_fragment) {
  const Reference reference = resolve_reference(*session_, piece.name, piece.format);
  if (piece.escape_json) use(Section::substitution, "escape(json)", place);
  use(Section::substitution,
      !piece.format.empty()                                 ? "$$SCONE::name:format$$"
      : reference.old_suffix && reference.secret != nullptr ? "$$SCONE::name.suffix$$"
                                                            : "$$SCONE::name$$",
      place);
  if (reference.secret == nullptr) {
    std::vector<std::string_view> known;
    for (const Secret& secret : session_->secrets) known.emplace_back(secret.name);
    return refuse(place, "no secret " + shown(piece.name) + " in this session",
                  known.empty() ? "describe it under `secrets`" : yaml::suggestion(piece.name, known));
  }
  const Secret& secret = *reference.secret;
  if (may_be_fragment && secret.kind == Kind::config_fragment && piece.format.empty()) return;
  if (reference.format == nullptr)
    return refuse(
        place,
        piece.text.size() > 80 ? "no such format" : "secret " + secret.name + " has no format as in " + piece.text,
        secret.kind == Kind::unknown ? "no kind of secret has it"
        : secret.kind == Kind::config_fragment
            ? "a config-fragment stands for a whole value of the policy"
            : "formats of " + std::string(text_of(secret.kind)) + ": " + formats_of(secret.kind));
  need(reference.format->since, kNewest, std::string("format ") + reference.format->name, place);
}

const Value* find_key(const Value& mapping, std::string_view key) {
  for (std::size_t i = 0; i < mapping.keys.size(); ++i)
    if (mapping.keys[i] == key) return &mapping.items[i];
  return nullptr;
}
void require_key(Reader& reader, const Value& mapping, std::string_view key, const std::string& what) {
  if (mapping.kind == Value::Kind::mapping && find_key(mapping, key) == nullptr)
    reader.refuse(mapping.place, what + " has no " + std::string(key), std::string(key) + ": …");
}

void Reader::finish() {
  const auto in_order = [](const auto& a, const auto& b) { return before(a.place, b.place); };
  std::stable_sort(report_->problems.begin(), report_->problems.end(), in_order);
  std::stable_sort(report_->warnings.begin(), report_->warnings.end(), in_order);
  std::vector<FeatureUse>& uses = session_->uses;
  std::stable_sort(uses.begin(), uses.end(), in_order);
  std::vector<FeatureUse> first;
  for (const FeatureUse& one : uses)
    if (std::none_of(first.begin(), first.end(), [&](const auto& other) { return other.feature == one.feature; }))
      first.push_back(one);
  uses = std::move(first);
}
}  // namespace cloister::session
