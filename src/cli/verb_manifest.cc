// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_manifest.h"
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include "src/cli/complain.h"
#include "src/cli/instance_source.h"
#include "src/files/file_bytes.h"
#include "src/manifest_file/explain.h"
#include "src/manifest_file/manifest_file.h"

namespace cloister {
namespace {
using Json = nlohmann::ordered_json;
constexpr int kNotGood = 1;

void print(const Json& document) {
  std::printf("%s\n", document.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

struct FileOptions {
  std::string file;
  bool json = false;
};

// Reads `FILE [--json]`; -1 to go on.
int parse_file(int argc, char** argv, const char* verb, const char* description, FileOptions* options) {
  CLI::App app{description, std::string("cloister manifest ") + verb};
  app.add_option("FILE", options->file, "launch manifest in YAML")->required();
  app.add_flag("--json", options->json, "machine-readable output");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return -1;
}

int check(int argc, char** argv) {
  FileOptions options;
  if (const int status = parse_file(argc, argv, "check", "Checks a launch manifest against its schema.", &options);
      status >= 0)
    return status;
  std::string problem;
  const auto description = describe_file(options.file, &problem);
  if (options.json) {
    Json document{{"ok", description.ok()}};
    if (!description.ok()) document["error"] = problem;
    if (description.ok()) document["program"] = description.value().program;
    print(document);
    return description.ok() ? 0 : kNotGood;
  }
  if (!description.ok()) return complain(problem, kNotGood);
  std::printf("%s: ok, %s, %zu files\n", options.file.c_str(), description.value().program.c_str(),
              description.value().files.size());
  return 0;
}

int explain(int argc, char** argv) {
  FileOptions options;
  if (const int status = parse_file(argc, argv, "explain",
                                    "Says in words what is fixed and what the host can still influence.", &options);
      status >= 0)
    return status;
  RunOptions source;
  source.manifest = options.file;
  std::string problem;
  int status = kNotGood;
  const auto instance = find_instance(source, &problem, &status);
  if (!instance) return complain(problem, kNotGood);
  const LaunchManifest& manifest = instance->measured.manifest;
  if (options.json) {
    Json document{{"fixed", explain_fixed(manifest)}, {"influences", Json::array()}};
    for (const Influence& one : explain_influences(manifest))
      document["influences"].push_back({{"key", one.key}, {"text", one.text}, {"closable", one.closable}});
    print(document);
    return 0;
  }
  std::printf("Fixed by the measurement:\n");
  for (const std::string& line : explain_fixed(manifest)) std::printf("  %s\n", line.c_str());
  for (const bool closable : {true, false}) {
    std::printf(closable ? "What this manifest leaves to the host:\n" : "What no manifest can take from the host:\n");
    std::size_t count = 0;
    for (const Influence& one : explain_influences(manifest))
      if (one.closable == closable) std::printf("  %s: %s\n", one.key.c_str(), one.text.c_str()), ++count;
    if (count == 0) std::printf("  nothing\n");
  }
  return 0;
}

// The options of `measure` that describe an instance; the result is not pinned, so that it can be edited first.
int make_new(int argc, char** argv) {
  RunOptions options;
  if (const int status =
          parse_run_options(argc, argv, "manifest new", "Writes a launch manifest for a program.", &options);
      status >= 0)
    return status;
  std::string problem;
  const auto description = describe_policy(options, &problem);
  if (!description.ok()) return complain(problem, status_of(description.error()));
  const std::string text = write_manifest_file(
      description.value(),
      {"Launch manifest of " + description.value().program + ". Paths that are not named here do not exist inside.",
       "`cloister measure --manifest FILE` prints its MRENCLAVE, `cloister run --manifest FILE` runs it."});
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0
             ? 0
             : complain("standard output cannot be written", 125);
}
}  // namespace

int manifest_verb(int argc, char** argv) {
  static constexpr struct {
    const char* name;
    int (*run)(int, char**);
  } kVerbs[] = {{"check", check}, {"explain", explain}, {"new", make_new}};
  if (argc >= 2)
    for (const auto& verb : kVerbs)
      if (std::strcmp(argv[1], verb.name) == 0) return verb.run(argc - 1, argv + 1);
  const bool help = argc >= 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0);
  std::fprintf(help ? stdout : stderr,
               "cloister manifest: launch manifests, which decide everything that an enclave runs\n"
               "  cloister manifest new -- redis-server --save ''   write one for a program\n"
               "  cloister manifest check FILE                      check it\n"
               "  cloister manifest explain FILE                    what the host can still influence\n");
  return help ? 0 : 2;
}
}  // namespace cloister
