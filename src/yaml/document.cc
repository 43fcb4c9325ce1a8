// SPDX-License-Identifier: Apache-2.0
// yaml-cpp reads the text and reports events; the tree is ours, because its own drops duplicate keys silently. Its
// exceptions end here.
#include "src/yaml/document.h"
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>
#include <algorithm>
#include <sstream>
#include <unordered_set>

namespace cloister::yaml {
namespace {
Place place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

class TreeBuilder final : public YAML::EventHandler {
 public:
  struct Refused {
    Problem problem;
  };
  TreeBuilder(std::span<const std::string_view> allowed_tags, std::size_t value_limit)
      : allowed_tags_(allowed_tags), value_limit_(value_limit) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add({Value::Kind::null, place_of(mark), {}, false, {}, {}, {}, {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "alias", "write the value out"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_anchor(mark, anchor);
    add({Value::Kind::scalar, place_of(mark), text, tag == "!", {}, {}, {}, tag_of(mark, tag)});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Value::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Value::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

  Value take() { return std::move(root_); }

 private:
  struct Level {
    Value value;
    bool has_key = false;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  [[noreturn]] void refuse(const YAML::Mark& mark, std::string what, std::string hint) {
    throw Refused{{place_of(mark), std::move(what), std::move(hint)}};
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "anchor", "remove `&name`; nothing may refer to it");
  }
  // "?" is a plain value, "!" a quoted one.
  std::string tag_of(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return {};
    if (std::find(allowed_tags_.begin(), allowed_tags_.end(), tag) == allowed_tags_.end())
      refuse(mark, "tag " + tag.substr(0, 40), "remove it");
    return tag;
  }
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Value::Kind kind) {
    refuse_anchor(mark, anchor);
    if (levels_.size() >= kMaxDepth) refuse(mark, "nested deeper than 32", "flatten it");
    if (!levels_.empty() && expects_key()) refuse(mark, "a key that is no text", "");
    levels_.push_back({});
    levels_.back().value.kind = kind;
    levels_.back().value.place = place_of(mark);
    levels_.back().value.tag = tag_of(mark, tag);
  }
  void close() {
    Value value = std::move(levels_.back().value);
    levels_.pop_back();
    add(std::move(value));
  }
  bool expects_key() const { return levels_.back().value.kind == Value::Kind::mapping && !levels_.back().has_key; }
  static YAML::Mark mark_of(const Place& place) {
    YAML::Mark mark;
    mark.line = place.line - 1;
    mark.column = place.column - 1;
    return mark;
  }
  void add(Value value) {
    if (++value_count_ > value_limit_)
      refuse(mark_of(value.place), "more than " + std::to_string(value_limit_) + " values", "divide it");
    if (levels_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = levels_.back();
    if (level.value.kind == Value::Kind::sequence) {
      level.value.items.push_back(std::move(value));
      return;
    }
    if (level.has_key) {
      // yaml-cpp gives a value that is not written the place of what comes next.
      const Place& key = level.value.key_places.back();
      if (value.kind == Value::Kind::null && value.place.line > key.line) value.place = key;
      level.value.keys.push_back(std::move(level.key));
      level.value.items.push_back(std::move(value));
      level.has_key = false;
      return;
    }
    const YAML::Mark mark = mark_of(value.place);
    if (value.kind != Value::Kind::scalar) refuse(mark, "an empty key", "");
    if (!level.keys.insert(value.text).second) refuse(mark, "duplicate key " + value.text, "keep one of them");
    level.value.key_places.push_back(value.place);
    level.key = std::move(value.text);
    level.has_key = true;
  }

  std::span<const std::string_view> allowed_tags_;
  const std::size_t value_limit_;
  std::size_t value_count_ = 0;
  Value root_;
  std::vector<Level> levels_;
};
}  // namespace

// What is usually meant where the text is no YAML.
static std::string hint_at(std::string_view text, const Place& place) {
  std::size_t line = 0;
  for (int i = 1; i < place.line && line < text.size(); ++i)
    line = std::min(text.find('\n', line), text.size() - 1) + 1;
  const std::string_view here = text.substr(std::min(line, text.size()));
  const std::string_view rest =
      here.substr(std::min(static_cast<std::size_t>(std::max(place.column, 1)) - 1, here.size()));
  if (rest.starts_with('@') || rest.starts_with('`')) return "quote what begins with @ or `";
  const std::string_view indentation = here.substr(0, std::min(here.find_first_not_of(" \t"), here.size()));
  if (indentation.find('\t') != std::string_view::npos) return "indent with blanks, not with tabs";
  return "look at indentation, quotes and colons here and above";
}

std::string text_of(const Problem& problem, const std::string& file) {
  std::string text = file + ":" + std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column) +
                     ": " + problem.what;
  if (!problem.hint.empty()) text += " (" + problem.hint + ")";
  return text;
}

Result<Value> parse(std::string_view text, Problem* problem, std::span<const std::string_view> allowed_tags,
                    std::size_t value_limit) {
  const auto refuse = [&](Problem what) -> Error {
    *problem = std::move(what);
    return Error(Errc::invalid, "YAML");
  };
  if (text.size() > kMaxSize) return refuse({{}, "larger than 16 MiB", ""});
  if (text.find('\0') != std::string_view::npos) return refuse({{}, "a NUL byte", "this is no text file"});
  try {
    std::istringstream input{std::string(text)};
    YAML::Parser parser(input);
    TreeBuilder builder(allowed_tags, value_limit);
    if (!parser.HandleNextDocument(builder)) return refuse({{}, "empty", ""});
    TreeBuilder second({}, value_limit);
    if (parser.HandleNextDocument(second))
      return refuse({second.take().place, "a second document", "one file holds one"});
    return builder.take();
  } catch (const TreeBuilder::Refused& refused) {
    return refuse(refused.problem);
  } catch (const YAML::Exception& error) {
    const Place place = place_of(error.mark);
    return refuse({place, error.msg, hint_at(text, place)});
  }
}
}  // namespace cloister::yaml
