// SPDX-License-Identifier: Apache-2.0
// A store in a folder of its own, for tests and benchmarks.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include "src/cas/store/sealed_store.h"

namespace cloister::cas {

// Not the processor's: a key that the test names.
class FixedSealingKey final : public SealingKeySource {
 public:
  explicit FixedSealingKey(std::uint8_t first = 1) : key_(16, first) {}
  Result<SecretBytes> sealing_key() const override { return key_; }

 private:
  SecretBytes key_;
};

class Folder {
 public:
  Folder() : path_((std::filesystem::temp_directory_path() / "cloister-store-XXXXXX").string()) {
    if (!mkdtemp(path_.data())) std::abort();
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const std::string& name = "cas.db") const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline constexpr std::uint64_t kNow = 1'790'000'000'000;

inline std::unique_ptr<SealedStore> open_store(const std::string& path, std::uint8_t key = 1,
                                               const StoreOptions& options = {}) {
  std::string problem;
  auto store = SealedStore::open(path, FixedSealingKey(key), kNow, problem, options);
  if (!store.ok()) {
    ADD_FAILURE() << problem;
    return nullptr;
  }
  return std::move(store).take();
}
// The problem's text, or "opened".
inline std::string refusal(const std::string& path, std::uint8_t key = 1) {
  std::string problem;
  const auto store = SealedStore::open(path, FixedSealingKey(key), kNow, problem);
  return store.ok() ? "opened" : problem;
}

inline std::string numbered(std::string text, std::uint64_t number) { return text.append(std::to_string(number)); }

inline audit::Entry entry_of(audit::Kind kind, std::string subject, std::uint64_t time = kNow) {
  audit::Entry entry;
  entry.kind = kind;
  entry.time = time;
  entry.subject = std::move(subject);
  return entry;
}
inline Mutation put(const std::string& name, std::string_view content, std::vector<Demand> demands = {}) {
  Mutation mutation;
  mutation.demands = std::move(demands);
  mutation.changes.push_back({.name = name, .content = secret_from(content)});
  mutation.entries.push_back(entry_of(audit::Kind::session_updated, name));
  return mutation;
}
inline Mutation erase(const std::string& name, std::vector<Demand> demands = {}) {
  Mutation mutation = put(name, "", std::move(demands));
  mutation.changes[0].content.reset();
  return mutation;
}
inline std::string content_of(SealedStore& store, std::string_view name) {
  const auto record = store.get(name);
  if (!record.ok()) return std::string("error: ") + record.error().what();
  return record.value() ? std::string(text_of(record.value()->content)) : "absent";
}

}  // namespace cloister::cas
