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
  EXPECT_EQ(refusal(kSmall + "heap: lots\n"), "m:7:7: heap must be a size of at least 1M (for example 64M or 4G)");
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
