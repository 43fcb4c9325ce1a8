// SPDX-License-Identifier: Apache-2.0
// A store in a folder of its own, for tests and benchmarks.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include "src/cas/store/sealed_store.h"

namespace cloister::cas {

// Not the processor's: keys that the test names, of all versions up to `now`.
class FixedSealingKey final : public SealingKeySource {
 public:
  explicit FixedSealingKey(std::uint8_t first = 1, const SecurityVersion& now = {}) : first_(first), now_(now) {}
  const SecurityVersion& version() const override { return now_; }
  Result<SecretBytes> sealing_key(const SecurityVersion& version) const override {
    SecretBytes key(16, first_);
    for (std::size_t i = 0; i < key.size(); ++i) {
      if (version.cpusvn[i] > now_.cpusvn[i]) return Error::from_errno(ENOKEY, "a newer CPUSVN");
      key[i] = static_cast<std::uint8_t>(key[i] + 16 * version.cpusvn[i]);
    }
    if (version.isvsvn > now_.isvsvn) return Error::from_errno(ENOKEY, "a newer ISVSVN");
    key[0] = static_cast<std::uint8_t>(key[0] ^ version.isvsvn << 7);
    return key;
  }

 private:
  std::uint8_t first_;
  SecurityVersion now_;
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

// CPUSVN's last byte, and ISVSVN.
inline SecurityVersion security_version(std::uint8_t last, std::uint16_t isvsvn = 0) {
  SecurityVersion version{.cpusvn = {1, 2, 3}, .isvsvn = isvsvn};
  version.cpusvn.back() = last;
  return version;
}

inline std::unique_ptr<SealedStore> open_store(const std::string& path, const SealingKeySource& source,
                                               const StoreOptions& options = {}) {
  std::string problem;
  auto store = SealedStore::open(path, source, kNow, problem, options);
  if (!store.ok()) {
    ADD_FAILURE() << problem;
    return nullptr;
  }
  return std::move(store).take();
}
inline std::unique_ptr<SealedStore> open_store(const std::string& path, std::uint8_t key = 1,
                                               const StoreOptions& options = {}) {
  return open_store(path, FixedSealingKey(key), options);
}
// The problem's text, or "opened".
inline std::string refusal(const std::string& path, const SealingKeySource& source) {
  std::string problem;
  const auto store = SealedStore::open(path, source, kNow, problem);
  return store.ok() ? "opened" : problem;
}
inline std::string refusal(const std::string& path, std::uint8_t key = 1) {
  return refusal(path, FixedSealingKey(key));
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
