// SPDX-License-Identifier: Apache-2.0
// The table against the readers: every row is read, and since the version that it names.
#include "src/session/language.h"
#include <gtest/gtest.h>
#include <map>
#include <set>
#include "src/session/formats.h"
#include "src/session/read_session.h"
#include "src/session/template.h"
#include "src/session/variables.h"

namespace cloister::session {
namespace {
// How a key of a section looks in a session; KEY is replaced.
const std::map<Section, const char*> kFrames = {
    {Section::top, "KEY: x\n"},
    {Section::service, "services: [{KEY: x}]\n"},
    {Section::attestation, "services: [{name: a, attestation: {KEY: x}}]\n"},
    {Section::signer, "services: [{name: a, attestation: {signer: {KEY: x}}}]\n"},
    {Section::image, "images: [{KEY: x}]\n"},
    {Section::injection_file, "images: [{injection_files: [{KEY: x}]}]\n"},
    {Section::image_volume, "images: [{volumes: [{KEY: x}]}]\n"},
    {Section::volume, "volumes: [{KEY: x}]\n"},
    {Section::volume_export, "volumes: [{export: [{to: {session: a}, KEY: x}]}]\n"},
    {Section::secret, "secrets: [{KEY: x}]\n"},
    {Section::import_akv, "secrets: [{import_akv: {KEY: x}}]\n"},
    {Section::jwt_validity, "secrets: [{validity: {KEY: x}}]\n"},
    {Section::secret_store, "secret_config: {store_in: !akv {KEY: x}}\n"},
    {Section::access, "access_policy: {KEY: x}\n"},
    {Section::creator, "creator: {KEY: x}\n"},
    {Section::security, "security: {KEY: x}\n"},
    {Section::security_attestation, "security: {attestation: {KEY: x}}\n"},
    {Section::exports, "exports: [{KEY: x}]\n"},
    {Section::board_policy, "board_policy: {KEY: x}\n"},
};
std::string frame_of(const Feature& feature) {
  const std::string name = feature.name;
  if (feature.section == Section::peer)
    return name == "namespace" ? "secrets: [{export: {namespace: x}}]\n"
           : name == "volume"  ? "volumes: [{import: {volume: x}}]\n"
                               : "secrets: [{import: {" + name + ": x}}]\n";
  if (name == "store_in") return "secret_config: {store_in: !cas }\n";
  if (name == "to" && feature.section == Section::volume_export) return "volumes: [{export: [{to: {session: a}}]}]\n";
  std::string frame = kFrames.at(feature.section);
  return frame.replace(frame.find("KEY"), 3, name);
}
bool is_key(const Feature& feature) {
  static const std::set<std::string> kForms = {"path alone", "relative name", "name alone"};
  return (feature.section == Section::peer || kFrames.contains(feature.section)) && !kForms.contains(feature.name);
}
std::vector<yaml::Problem> problems_in(Version version, const std::string& text) {
  Report report;
  read_session("name: s\n" + (version == Version::v0_1 ? "" : "version: " + text_of(version) + "\n") + text, &report);
  return report.problems;
}
bool complains(const std::vector<yaml::Problem>& problems, const std::string& words) {
  for (const yaml::Problem& problem : problems)
    if (problem.what.find(words) != std::string::npos) return true;
  return false;
}
}  // namespace

TEST(Language, EveryKeyIsReadSinceItsVersion) {
  std::size_t count = 0;
  for (const Feature& feature : features()) {
    if (!is_key(feature) || feature.name == std::string("name") || feature.name == std::string("version")) continue;
    const std::string frame = frame_of(feature);
    const std::string refusal = full_name(feature) + " is not in version";
    const auto now = problems_in(feature.until, frame);
    EXPECT_FALSE(complains(now, std::string("unknown key ") + feature.name)) << full_name(feature);
    EXPECT_FALSE(complains(now, refusal)) << full_name(feature);
    ++count;
    if (feature.since == Version::v0_1) continue;
    const Version older = feature.since == Version::v0_2   ? Version::v0_1
                          : feature.since == Version::v0_3 ? Version::v0_2
                                                           : static_cast<Version>(static_cast<int>(feature.since) - 1);
    // Plain 0.3 has everything of 0.3.x, so what came with 0.3.1 is missed in 0.2.
    EXPECT_TRUE(complains(problems_in(older == Version::v0_3 ? Version::v0_2 : older, frame), refusal))
        << full_name(feature);
  }
  EXPECT_GT(count, 100u);
}
TEST(Language, EveryNamedValueIsRead) {
  const auto good = [](const std::string& text, const Feature& feature) {
    const auto problems = problems_in(feature.until, text);
    EXPECT_TRUE(problems.empty()) << full_name(feature) << ": " << (problems.empty() ? "" : problems[0].what);
  };
  for (const Feature& feature : features()) {
    const std::string name = feature.name;
    if (feature.section == Section::kind) {
      Report report;
      const auto session =
          read_session("name: s\nversion: " + text_of(feature.until) + "\nsecrets: [{name: x, kind: " + name +
                           ", import: " + (feature.until == Version::v0_2 ? "o" : "{session: o}") + "}]\n",
                       &report);
      ASSERT_TRUE(session) << name;
      EXPECT_EQ(text_of(session->secrets[0].kind), name);
    } else if (feature.section == Section::key_type) {
      good("secrets: [{name: x, kind: private-key, key_type: " + name + "}]\n", feature);
    } else if (feature.section == Section::mode) {
      good("security: {attestation: {mode: " + name + ", url: 'https://x'}}\n", feature);
    } else if (feature.section == Section::toleration) {
      Report report;
      const auto session =
          read_session("name: s\nversion: 0.3\nsecurity: {attestation: {tolerate: " + name + "}}\n", &report);
      ASSERT_TRUE(session) << name;
      EXPECT_EQ(text_of(*session->security.tolerate.at(0).literal), name);
    } else if (feature.section == Section::update_policy) {
      good("volumes: [{name: v, update_policy: " + name + "}]\n", feature);
    }
  }
}
TEST(Language, FormatsAreThoseOfTheTable) {
  for (const Feature& feature : features()) {
    if (feature.section != Section::kind) continue;
    std::set<std::string> written, known;
    const std::string values = feature.values;
    for (std::size_t at = values.find("`:"); at != std::string::npos; at = values.find("`:", at + 1))
      written.insert(values.substr(at + 2, values.find('`', at + 1) - at - 2));
    for (const Format& format : formats())
      if (text_of(format.kind) == feature.name && *format.name != '\0' && *format.name != '.')
        known.insert(format.name);
    if (feature.name == std::string("x509-ca")) continue;  // "as x509"
    if (feature.name == std::string("pgp-key"))
      written = {"privatekey", "privatekey:asciiarmored", "privatekey:binary", "privatekey:base64",
                 "publickey",  "publickey:asciiarmored",  "publickey:binary",  "publickey:base64"};
    EXPECT_EQ(written, known) << feature.name;
  }
}
TEST(Language, RowsAreUniqueAndFitIntoTables) {
  std::set<std::string> names;
  for (const Feature& feature : features()) {
    EXPECT_TRUE(names.insert(full_name(feature)).second) << full_name(feature);
    EXPECT_LE(feature.since, feature.until) << full_name(feature);
    EXPECT_EQ(std::string(feature.values).find('|'), std::string::npos) << full_name(feature);
    EXPECT_EQ(std::string(feature.text).find('|'), std::string::npos) << full_name(feature);
  }
}
TEST(Language, WhatIsNotServedIsNamedWithItsPlace) {
  Report report;
  const auto session = read_session(
      "name: s\nversion: 0.3.12\nsalt: 00112233445566778899aabbccddeeff\nservices:\n  - name: a\n    platforms: "
      "[INTEL_QE_ID:" +
          std::string(32, '0') + "]\n    mrenclaves: [" + std::string(64, '0') +
          "]\nsecurity: {attestation: {mode: none}}\n",
      &report);
  ASSERT_TRUE(session);
  const auto unserved = unserved_features(*session);
  ASSERT_EQ(unserved.size(), 2u);
  EXPECT_EQ(full_name(*unserved[0].feature), "salt");
  EXPECT_EQ(unserved[0].place.line, 3);
  EXPECT_EQ(full_name(*unserved[1].feature), "services[].platforms");
  EXPECT_EQ(unserved[1].place.line, 6);
}

TEST(Variables, AreFilledOnceAndLeaveTheLanguageAlone) {
  const auto filled = [](std::string_view text) {
    return fill_variables(text, [](std::string_view name) -> std::optional<std::string> {
      if (name == "A") return "1";
      if (name == "AB") return "$A";
      return std::nullopt;
    });
  };
  EXPECT_EQ(filled("$A ${A} $AB $A-B ${AB}C $B ${B} $"), "1 1 $A 1-B $AC $B ${B} $");
  EXPECT_EQ(filled("$$A $$SCONE::A$$ \\@\\@A ${A $ A"), "$$A $$SCONE::A$$ \\@\\@A ${A $ A");
  EXPECT_EQ(filled("$$SCONE::x-${A}$$"), "$$SCONE::x-1$$");
}
}  // namespace cloister::session
