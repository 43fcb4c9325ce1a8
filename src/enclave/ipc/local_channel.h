// SPDX-License-Identifier: Apache-2.0
// Socket pairs of the enclave: two channels, one for each direction, that both ends share. Trusted, kernel storey.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>
#include "src/enclave/vfs/open_file.h"

namespace cloister::ipc {

struct Packet {
  std::vector<std::uint8_t> bytes;
  std::vector<vfs::FileRef> files;  // that were passed along
  std::size_t taken = 0;            // of a stream's packet: bytes that were read already

  std::size_t left() const { return bytes.size() - taken; }
};

// What flows towards one end.
struct LocalChannel {
  static constexpr std::size_t kCapacity = 212992;  // as net.core.wmem_default

  std::deque<Packet> packets;
  std::size_t size = 0;         // bytes in all packets
  bool sender_ended = false;    // its end is closed, or shut down for writing
  bool receiver_ended = false;  // its end is closed, or shut down for reading
};

struct LocalPair {
  std::mutex mutex;  // guards the channels; not held while program memory is copied
  // Taken before `mutex`: one reader of an end at a time, who alone takes packets out and may copy from them meanwhile.
  std::array<std::mutex, 2> readers;
  std::array<LocalChannel, 2> to;           // to[i] flows towards end i
  std::array<bool, 2> closed{};             // end i
  std::array<bool, 2> reset{};              // end i's peer closed with data unread
  std::array<kernel::WaitQueue, 2> queues;  // of end i
};
}  // namespace cloister::ipc
