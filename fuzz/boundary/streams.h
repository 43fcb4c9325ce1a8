// SPDX-License-Identifier: Apache-2.0
// What goes through connections: bytes that say whose they are and which place in the stream is theirs, so that one
// that is lost, doubled or another's is seen. What the host was told to send is what the program has written; what the
// program reads is what the host gave.
#pragma once
#include <cstdint>
#include <vector>

namespace cloister::fuzz {
inline constexpr std::size_t kMostAtOnce = 300'000;
// `size` bytes from `offset` on of those that `serial` names.
const std::uint8_t* pattern(std::uint64_t serial, std::uint64_t offset, std::size_t size);
std::uint64_t serial_of_file(const char* path);

class Stream {
 public:
  // 0: of nothing that can be followed.
  explicit Stream(std::uint64_t serial = 0) : serial_(serial) {}

  // The host's side: data for the program, or to look at.
  void give(void* to, std::size_t size, bool takes_away);
  // The enclave asks for these bytes to be sent.
  void check_sent(const void* bytes, std::size_t size) const;
  // The host has said what became of it, as sendto gives it.
  void note_taken(std::int64_t result);
  void note_end() { has_ended_ = true; }
  void note_connected();
  // What the host has given from now on is nobody's business.
  void doubt() { is_doubtful_ = true; }
  // Everything that the program was told to have sent went out.
  void check_closed() const;

  // The program's side.
  void fill_next(void* to, std::size_t size) const;
  void note_told(std::int64_t result) { told_ += result > 0 ? static_cast<std::uint64_t>(result) : 0; }
  // What it sends next comes from a file, until sent_file(): from `offset`, or nobody knows which bytes (serial 0).
  void send_file(std::uint64_t file_serial, std::uint64_t offset);
  void sent_file(std::int64_t result);
  void check_received(const void* bytes, std::int64_t result, bool takes_away);
  void skip_received(std::int64_t result) { read_ += result > 0 ? static_cast<std::uint64_t>(result) : 0; }

 private:
  struct Origin {
    std::uint64_t begin;  // in the stream
    std::uint64_t serial, offset;
  };
  std::uint64_t serial_;
  std::uint64_t given_ = 0, read_ = 0;  // to the program
  std::uint64_t told_ = 0, taken_ = 0;  // from the program
  bool is_doubtful_ = false, has_ended_ = false;
  std::vector<Origin> origins_;  // of what goes out, where that is no bytes of its own
};

// What the program has read from a file of the host.
void check_file_bytes(const char* path, std::uint64_t offset, const void* bytes, std::int64_t result);

// The host has written where data lies that the enclave trusts it to keep: nothing is told from bytes any more.
void doubt_all_bytes(bool doubted);
// The host has lied about a file.
void doubt_files();
}  // namespace cloister::fuzz
