// SPDX-License-Identifier: Apache-2.0
// What the session language consists of, as a table (language.def): every key and every named value, since when it
// exists, and whether this system serves it. Readers, messages, `cloister session check --json` and
// docs/session-language.md are made from it. Pure; any side.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include "src/session/version.h"

namespace cloister::session {
// Where a key or value may stand. language.def explains each.
enum class Section {
#define SECTION(id, path, title, text) id,
#define FEATURE(section, name, since, until, support, values, text)
#include "src/session/language.def"
#undef SECTION
#undef FEATURE
};
enum class Support {
  served,
  never_released,  // a session may say it, and nothing is ever released under it
  later,           // refused by name when the session is created
};
struct SectionRow {
  Section id;
  const char* path;   // what a key's name is appended to: "services[]."
  const char* title;  // what a complaint calls it: "a service"
  const char* text;
};
struct Feature {
  Section section;
  const char* name;
  Version since, until;
  Support support;
  const char* values;  // what it may be
  const char* text;
};

std::span<const SectionRow> sections();
const SectionRow& row_of(Section section);
std::span<const Feature> features();
// nullptr when there is none.
const Feature* find_feature(Section section, std::string_view name);
// "services[].platforms", "secret kind jwt"
std::string full_name(const Feature& feature);
std::string_view text_of(Support support);

// The sections as Markdown tables; docs/session-language.md has them between two marks.
std::string language_reference();
}  // namespace cloister::session
