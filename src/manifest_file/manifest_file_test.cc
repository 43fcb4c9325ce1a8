// SPDX-License-Identifier: Apache-2.0
#include "src/manifest_file/manifest_file.h"
#include <gtest/gtest.h>
#include <signal.h>
#include "src/manifest_file/explain.h"

namespace cloister {
namespace {
const std::string kSmall =
    "manifest: 1\n"
    "program: /bin/app\n"
    "files:\n"
    "  - path: /bin/app\n"
    "    mode: 0o755\n"
    "    contents: \"x\"\n";

std::string refusal(const std::string& text) {
  yaml::Problem problem;
  const auto description = read_manifest_file(text, ".", &problem);
  return description.ok() ? "accepted" : text_of(problem, "m");
}
InstanceDescription accepted(const std::string& text) {
  yaml::Problem problem;
  auto description = read_manifest_file(text, ".", &problem);
  EXPECT_TRUE(description.ok()) << text_of(problem, "m");
  return description.ok() ? std::move(description).take() : InstanceDescription{};
}
}  // namespace

TEST(ManifestFile, SafeDefaults) {
  const InstanceDescription it = accepted(kSmall);
  EXPECT_EQ(it.flags, 0u);
  EXPECT_EQ(it.host_signals, 1ULL << (SIGTERM - 1));
  EXPECT_TRUE(it.insecure_host_paths.empty());
  EXPECT_EQ(it.arguments, std::vector<std::string>{"/bin/app"});
  EXPECT_EQ(it.files.at(0).mode, 0755u);
}

TEST(ManifestFile, EveryKey) {
  const InstanceDescription it = accepted(
      kSmall +
      "args: [a, \"b c\"]\nenv: {A: \"1\", B: x=y}\nworking_directory: /srv\nheap: 64M\nthreads: 8\nsignals: [TERM, "
      "SIGHUP]\n"
      "links: {/app: bin/app}\ndirectories: [/empty]\ntmpfs: [/run, /var/lib/x]\ninsecure_host_paths: [/data]\n"
      "insecure_host_environment: [TERM]\ninsecure_dynamic_code: true\n");
  EXPECT_EQ(it.arguments, (std::vector<std::string>{"/bin/app", "a", "b c"}));
  EXPECT_EQ(it.environment, (std::vector<std::string>{"A=1", "B=x=y", "TERM"}));
  EXPECT_EQ(it.heap_size, 64u << 20);
  EXPECT_EQ(it.thread_limit, 8u);
  EXPECT_EQ(it.host_signals, 1ULL << (SIGTERM - 1) | 1ULL << (SIGHUP - 1));
  EXPECT_EQ(it.links.at("/app"), "bin/app");
  EXPECT_EQ(it.flags, kInsecureDynamicCode | kInsecureHostEnvironment);
}

TEST(ManifestFile, WhatIsWrongIsSaidWithItsPlace) {
  EXPECT_EQ(refusal("manifest: 1\nprogam: /bin/app\n"),
            "m:2:1: unknown key progam in a launch manifest (did you mean program?)");
  EXPECT_EQ(refusal(kSmall + "heap: lots\n"), "m:7:7: heap must be a size from 1M to 1T (for example 64M or 4G)");
  EXPECT_EQ(refusal(kSmall + "heap: 1M\nheap: 2M\n"), "m:8:1: duplicate key heap (keep one of them)");
  EXPECT_NE(refusal(kSmall + "signals: [SEGV]\n").find("m:7:11: signal SEGV cannot be left to the host"),
            std::string::npos);
  EXPECT_NE(refusal(kSmall + "args: from_policy\n").find("together or not at all"), std::string::npos);
  const std::string policy = kSmall + "args: from_policy\nenv: from_policy\n";
  EXPECT_NE(refusal(policy + "working_directory: /srv\n").find("comes from the policy as well"), std::string::npos);
  EXPECT_NE(refusal(policy + "insecure_host_environment: [TERM]\n").find("a policy decides"), std::string::npos);
  EXPECT_NE(refusal(policy + "insecure_host_arguments: true\n").find("keep one of them"), std::string::npos);
  EXPECT_NE(refusal(kSmall + "tmpfs: [run]\n").find("absolute path"), std::string::npos);
  EXPECT_NE(refusal(kSmall + "tmpfs: [/a/../b]\n").find("absolute path"), std::string::npos);
  EXPECT_NE(refusal(kSmall + "insecure_dynamic_code: yes\n").find("true or false"), std::string::npos);
  EXPECT_NE(refusal("program: /bin/app\n").find("manifest: 1"), std::string::npos);
  EXPECT_NE(refusal("manifest: 1\nprogram: /bin/app\nfiles: []\n").find("not among the files"), std::string::npos);
  EXPECT_NE(refusal("manifest: 2\nprogram: /bin/app\n").find("m:1:11"), std::string::npos);
  EXPECT_NE(refusal(kSmall + "  - path: /no/such/file\n").find("no such file"), std::string::npos);
}

TEST(ManifestFile, SizesAreNumbersThatFit) {
  for (const char* size : {"-1", "+64M", "' 64M'", "99999T", "2T", "99999999999999999999", "512K", "\"64M\\0\""})
    EXPECT_NE(refusal(kSmall + "heap: " + size + "\n").find("m:7:7: heap must be a size from 1M to 1T"),
              std::string::npos)
        << size;
  EXPECT_EQ(accepted(kSmall + "heap: 1T\n").heap_size, 1ULL << 40);
}

TEST(ManifestFile, NoNulInTexts) {
  for (const char* line : {"args: [\"a\\0b\"]\n", "env: {A: \"a\\0b\"}\n", "env: {\"A\\0B\": x}\n",
                           "links: {/l: \"a\\0b\"}\n", "directories: [\"/a\\0b\"]\n"})
    EXPECT_NE(refusal(kSmall + line).find("NUL"), std::string::npos) << line;
  EXPECT_EQ(accepted(kSmall + "  - path: /a\n    contents: \"a\\0b\"\n").files.at(1).contents->size(), 3u);
}

TEST(ManifestFile, ContradictionsAreRefusedWithTheirPlace) {
  const std::string pinned = "sha256: " + std::string(64, 'a') + "}\n";
  const std::pair<std::string, const char*> kRefused[] = {
      {"  - {path: /bin/app, contents: y}\n", "m:7:5: /bin/app is listed twice, differently"},
      {"  - {path: /bin/app, " + pinned, "m:7:5: /bin/app is listed twice, differently"},
      {"  - {path: /bin/app/x, contents: y}\n", "m:7:5: /bin/app/x lies below /bin/app, which is a file"},
      {"  - {path: /l/x, contents: y}\nlinks: {/l: /bin}\n", "m:7:5: /l/x lies below /l, which is a link"},
      {"  - {path: /l, contents: y}\nlinks: {/l: /bin}\n", "m:8:9: /l is a file and a link"},
      {"links: {/bin/app/l: x}\n", "m:7:9: /bin/app/l lies below /bin/app"},
      {"links: {/l: ''}\n", "m:7:9: /l is a link to nothing"},
      {"directories: [/bin/app]\n", "m:7:15: /bin/app is a file and a directory"},
      {"tmpfs: [/run, /bin/app/t]\n", "m:7:15: /bin/app/t lies below /bin/app"},
      {"working_directory: /bin/app\n", "/bin/app is a file and the working directory"},
      {"  - {path: /dev/attestation/x, contents: y}\n", "m:7:5: /dev/attestation/x lies in /dev, which the runtime"},
      {"tmpfs: [/proc]\n", "m:7:9: /proc lies in /proc"},
      {"tmpfs: [/]\n", "/ is measured and cannot be a memory file system"},
      {"tmpfs: [/t]\ninsecure_host_paths: [/d, /t]\n", "/t is a memory file system and the host's"},
      {"directories: [/sys/x]\n", "m:7:15: /sys/x lies in /sys"},
      {"env: {A: x}\ninsecure_host_environment: [A]\n", "m:8:29: A is a variable that is given twice"},
      {"insecure_host_environment: [A, A]\n", "m:7:32: A is a variable that is given twice"}};
  for (const auto& [text, what] : kRefused)
    EXPECT_NE(refusal(kSmall + text).find(what), std::string::npos) << text << refusal(kSmall + text);
  accepted(kSmall + "  - {path: /bin/app, contents: x, mode: 0o755}\n  - {path: /bin/application, contents: x}\n");
  accepted(kSmall + "tmpfs: [/dev/shm, /bin, /developer]\n");
}

TEST(ManifestFile, EmbeddedAndPinnedFiles) {
  EXPECT_NE(refusal(kSmall + "  - path: /a\n    contents: x\n    sha256: " + std::string(64, 'a') + "\n")
                .find("sha256 is for"),
            std::string::npos);
  EXPECT_NE(refusal(kSmall + "  - path: /a\n    sha256: 12\n").find("64 hexadecimal"), std::string::npos);
  EXPECT_NE(refusal(kSmall + "  - path: /a\n    source: no-such-source\n").find("no-such-source"), std::string::npos);
  EXPECT_NE(refusal(kSmall + "  - path: /a\n    mode: 0o644\n").find("mode belongs"), std::string::npos);
  EXPECT_NE(refusal(kSmall + "  - path: /a\n    mode: 644\n    contents: x\n").find("octal"), std::string::npos);
}

// What the writer writes, the reader understands as the same.
TEST(ManifestFile, WrittenAndReadAgain) {
  InstanceDescription it =
      accepted(kSmall + "args: [\"\\\"\\n\\x01\", \"true\", \"\"]\nenv: {A: \"#: x\"}\nlinks: {/l: ../t}\n");
  it.files.push_back({"/pinned \"file\"", std::array<std::uint8_t, 32>{1, 2, 3}, {}, 0644});
  sort_and_merge(&it);
  const std::string text = write_manifest_file(it, {"a comment"});
  const InstanceDescription again = accepted(text);
  EXPECT_EQ(again.arguments, it.arguments);
  EXPECT_EQ(again.environment, it.environment);
  EXPECT_EQ(again.links, it.links);
  ASSERT_EQ(again.files.size(), it.files.size());
  EXPECT_EQ(again.files[1].path, it.files[1].path);
  EXPECT_EQ(again.files[1].sha256, it.files[1].sha256);
  EXPECT_EQ(again.files[0].contents, it.files[0].contents);
  EXPECT_EQ(write_manifest_file(again, {"a comment"}), text);
}

TEST(ManifestFile, ConfiguredByAPolicy) {
  const InstanceDescription it = accepted(kSmall + "args: from_policy\nenv: from_policy\n");
  EXPECT_EQ(it.flags, kConfiguredByPolicy);
  EXPECT_EQ(it.arguments, std::vector<std::string>{"/bin/app"});
  EXPECT_TRUE(it.environment.empty());
  const std::string text = write_manifest_file(it, {});
  EXPECT_NE(text.find("args: from_policy\nenv: from_policy\n"), std::string::npos);
  EXPECT_EQ(accepted(text).flags, kConfiguredByPolicy);
  LaunchManifest manifest;
  manifest.flags = kConfiguredByPolicy;
  std::string fixed;
  for (const std::string& line : explain_fixed(manifest)) fixed += line;
  EXPECT_NE(fixed.find("from the policy that CONFIGID names"), std::string::npos);
}

TEST(ManifestFile, ExplainNamesEveryWeakness) {
  LaunchManifest manifest;
  const auto keys = [&] {
    std::string all;
    for (const Influence& one : explain_influences(manifest))
      if (one.closable) all += one.key + " ";
    return all;
  };
  EXPECT_EQ(keys(), "");
  manifest.flags = kInsecureHostArguments | kInsecureHostEnvironment | kInsecureDynamicCode | kInsecureHostDirectory;
  manifest.insecure_host_paths = {"/"};
  manifest.host_signals = 1;
  EXPECT_EQ(keys(),
            "insecure_host_paths insecure_host_arguments insecure_host_environment insecure_host_directory "
            "insecure_dynamic_code signals ");
}
}  // namespace cloister
