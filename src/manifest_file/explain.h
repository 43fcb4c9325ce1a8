// SPDX-License-Identifier: Apache-2.0
// A launch manifest in words: what is fixed, and what whoever controls the host can still influence. Owner's side.
#pragma once
#include <string>
#include <vector>
#include "src/manifest/launch_manifest.h"

namespace cloister {
struct Influence {
  std::string key;   // of the manifest, or of what no manifest can close
  std::string text;  // one or two sentences
  bool closable;     // another manifest could take it away
};
std::vector<std::string> explain_fixed(const LaunchManifest& manifest);
std::vector<Influence> explain_influences(const LaunchManifest& manifest);
}  // namespace cloister
