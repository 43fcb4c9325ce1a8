// SPDX-License-Identifier: Apache-2.0
#include "src/session/language.h"
#include <algorithm>

namespace cloister::session {
namespace {
constexpr SectionRow kSections[] = {
#define SECTION(id, path, title, text) {Section::id, path, title, text},
#define FEATURE(section, name, since, until, support, values, text)
#include "src/session/language.def"
#undef SECTION
#undef FEATURE
};
constexpr Feature kFeatures[] = {
#define SECTION(id, path, title, text)
#define FEATURE(section, name, since, until, support, values, text) \
  {Section::section, name, Version::since, Version::until, Support::support, values, text},
#include "src/session/language.def"
#undef SECTION
#undef FEATURE
};

std::string since_text(const Feature& feature) {
  if (feature.until == kNewest) return text_of(feature.since);
  if (feature.since == feature.until) return "only " + text_of(feature.since);
  return text_of(feature.since) + " to " + text_of(feature.until);
}
}  // namespace

std::span<const SectionRow> sections() { return kSections; }
const SectionRow& row_of(Section section) { return kSections[static_cast<std::size_t>(section)]; }
std::span<const Feature> features() { return kFeatures; }

const Feature* find_feature(Section section, std::string_view name) {
  const auto* const found = std::find_if(std::begin(kFeatures), std::end(kFeatures), [&](const Feature& feature) {
    return feature.section == section && name == feature.name;
  });
  return found == std::end(kFeatures) ? nullptr : found;
}

std::string full_name(const Feature& feature) { return std::string(row_of(feature.section).path) + feature.name; }

std::string_view text_of(Support support) {
  switch (support) {
    case Support::served: return "yes";
    case Support::never_released: return "kept, but releases nothing";
    case Support::later: return "refused";
  }
  return {};
}

std::string language_reference() {
  std::string page;
  for (const SectionRow& section : kSections) {
    const std::string_view path = section.path;
    const bool is_key = path.empty() || path.back() == '.';
    page += "### " + (path.empty() ? std::string("session") : std::string(path.substr(0, path.size() - 1))) + "\n\n";
    if (*section.text != '\0') page += std::string(section.text) + "\n\n";
    page += std::string("| ") + (is_key ? "key" : "name") +
            " | value | meaning | since | served |\n|---|---|---|---|---|\n";
    for (const Feature& feature : kFeatures)
      if (feature.section == section.id)
        page += "| `" + std::string(feature.name) + "` | " + feature.values + " | " + feature.text + " | " +
                since_text(feature) + " | " + std::string(text_of(feature.support)) + " |\n";
    page += "\n";
  }
  return page;
}
}  // namespace cloister::session
