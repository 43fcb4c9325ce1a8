// SPDX-License-Identifier: Apache-2.0
#include "src/manifest/launch_manifest.h"
#include <cstring>

namespace cloister {
namespace {
class Writer {
 public:
  template <typename T>
  void number(T value) {
    for (std::size_t i = 0; i < sizeof value; ++i) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void string(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
  }
  void raw(const std::uint8_t* data, std::size_t size) { bytes_.insert(bytes_.end(), data, data + size); }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}
  template <typename T>
  Result<T> number() {
    if (rest_.size() < sizeof(T)) return Error(Errc::invalid, "manifest ends early");
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | static_cast<T>(rest_[i]) << (8 * i));
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  // A count of elements that take at least `smallest` bytes each, so that no count allocates more than the input's
  // size.
  Result<std::uint32_t> count(std::size_t smallest) {
    const auto value = TRY(number<std::uint32_t>());
    if (value > rest_.size() / smallest) return Error(Errc::invalid, "manifest list is longer than the manifest");
    return value;
  }
  Result<std::span<const std::uint8_t>> bytes() {
    const auto size = TRY(count(1));
    const auto part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }
  Result<std::string> string() {
    const auto part = TRY(bytes());
    if (std::memchr(part.data(), 0, part.size()) != nullptr) return Error(Errc::invalid, "manifest string with a NUL");
    return std::string(reinterpret_cast<const char*>(part.data()), part.size());
  }
  Result<std::vector<std::string>> strings() {
    const auto length = TRY(count(4));
    std::vector<std::string> list;
    for (std::uint32_t i = 0; i < length; ++i) list.push_back(TRY(string()));
    return list;
  }
  Result<std::vector<std::string>> ascending_strings() {
    auto list = TRY(strings());
    for (std::size_t i = 1; i < list.size(); ++i)
      if (list[i - 1] >= list[i]) return Error(Errc::invalid, "paths are not ascending");
    return list;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::span<const std::uint8_t> rest_;
};

void write_strings(Writer& writer, const std::vector<std::string>& list) {
  writer.number(static_cast<std::uint32_t>(list.size()));
  for (const std::string& text : list) writer.string(text);
}

Result<MeasuredFile> read_file(Reader& reader) {
  MeasuredFile file;
  file.path = TRY(reader.string());
  file.size = TRY(reader.number<std::uint64_t>());
  file.mode = TRY(reader.number<std::uint32_t>());
  const auto hashes = TRY(reader.bytes());
  const std::uint64_t chunks = file.size / kFileChunkSize + (file.size % kFileChunkSize != 0);
  const bool embedded = hashes.empty() && file.size > 0;
  if (!embedded && (hashes.size() / 32 != chunks || hashes.size() % 32 != 0))
    return Error(Errc::invalid, "wrong number of chunk hashes");
  file.chunks.resize(hashes.size() / 32);
  for (std::size_t i = 0; i < file.chunks.size(); ++i) std::memcpy(file.chunks[i].data(), hashes.data() + 32 * i, 32);
  const auto plan = TRY(reader.bytes());
  file.plan.assign(plan.begin(), plan.end());
  const auto contents = TRY(reader.bytes());
  if (contents.size() != (embedded ? file.size : 0)) return Error(Errc::invalid, "contents of another size");
  file.contents.assign(contents.begin(), contents.end());
  return file;
}

// What a policy configures, nobody else does.
Result<void> check_flags(const LaunchManifest& manifest) {
  constexpr std::uint64_t kByHost = kInsecureHostArguments | kInsecureHostEnvironment | kInsecureHostDirectory;
  if ((manifest.flags & ~(kByHost | kInsecureDynamicCode | kConfiguredByPolicy)) != 0)
    return Error(Errc::unsupported, "manifest flags");
  if ((manifest.flags & kConfiguredByPolicy) == 0) return {};
  if ((manifest.flags & kByHost) != 0 || !manifest.environment.empty() || !manifest.working_directory.empty())
    return Error(Errc::invalid, "manifest configured by a policy and otherwise");
  return {};
}
}  // namespace

std::vector<std::uint8_t> encode_manifest(const LaunchManifest& manifest) {
  Writer writer;
  writer.number(kManifestMagic);
  writer.number(kManifestVersion);
  writer.number(manifest.flags);
  writer.number(manifest.heap_size);
  writer.number(manifest.thread_limit);
  writer.number(manifest.host_signals);
  writer.string(manifest.program);
  write_strings(writer, manifest.arguments);
  write_strings(writer, manifest.environment);
  writer.string(manifest.working_directory);
  write_strings(writer, manifest.insecure_host_paths);
  write_strings(writer, manifest.directories);
  write_strings(writer, manifest.tmpfs);
  writer.number(static_cast<std::uint32_t>(manifest.files.size()));
  for (const MeasuredFile& file : manifest.files) {
    writer.string(file.path);
    writer.number(file.size);
    writer.number(file.mode);
    writer.number(static_cast<std::uint32_t>(file.chunks.size() * 32));
    for (const ChunkHash& hash : file.chunks) writer.raw(hash.data(), hash.size());
    writer.number(static_cast<std::uint32_t>(file.plan.size()));
    writer.raw(file.plan.data(), file.plan.size());
    writer.number(static_cast<std::uint32_t>(file.contents.size()));
    writer.raw(file.contents.data(), file.contents.size());
  }
  writer.number(static_cast<std::uint32_t>(manifest.links.size()));
  for (const MeasuredLink& link : manifest.links) {
    writer.string(link.path);
    writer.string(link.target);
  }
  return writer.take();
}

Result<LaunchManifest> decode_manifest(std::span<const std::uint8_t> bytes) {
  Reader reader(bytes);
  if (TRY(reader.number<std::uint32_t>()) != kManifestMagic) return Error(Errc::invalid, "no launch manifest");
  if (TRY(reader.number<std::uint32_t>()) != kManifestVersion) return Error(Errc::unsupported, "manifest version");
  LaunchManifest manifest;
  manifest.flags = TRY(reader.number<std::uint64_t>());
  manifest.heap_size = TRY(reader.number<std::uint64_t>());
  manifest.thread_limit = TRY(reader.number<std::uint32_t>());
  manifest.host_signals = TRY(reader.number<std::uint64_t>());
  manifest.program = TRY(reader.string());
  manifest.arguments = TRY(reader.strings());
  manifest.environment = TRY(reader.strings());
  manifest.working_directory = TRY(reader.string());
  TRY(check_flags(manifest));
  manifest.insecure_host_paths = TRY(reader.ascending_strings());
  manifest.directories = TRY(reader.ascending_strings());
  manifest.tmpfs = TRY(reader.ascending_strings());
  const auto file_count = TRY(reader.count(28));
  for (std::uint32_t i = 0; i < file_count; ++i) {
    manifest.files.push_back(TRY(read_file(reader)));
    if (i > 0 && manifest.files[i - 1].path >= manifest.files[i].path)
      return Error(Errc::invalid, "files are not ascending");
  }
  const auto link_count = TRY(reader.count(8));
  for (std::uint32_t i = 0; i < link_count; ++i) {
    MeasuredLink link;
    link.path = TRY(reader.string());
    link.target = TRY(reader.string());
    if (i > 0 && manifest.links[i - 1].path >= link.path) return Error(Errc::invalid, "links are not ascending");
    manifest.links.push_back(std::move(link));
  }
  if (!reader.at_end()) return Error(Errc::invalid, "bytes after the manifest");
  return manifest;
}
}  // namespace cloister
