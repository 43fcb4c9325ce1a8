// SPDX-License-Identifier: Apache-2.0
// Data between the program and its connections, in all the ways that there are; each byte is checked (streams.h).
#pragma once
#include <optional>
#include "fuzz/boundary/program.h"
#include "fuzz/boundary/program_memory.h"
#include "fuzz/boundary/streams.h"

namespace cloister::fuzz {
// Of the connection at the program's descriptor.
Stream& stream_of(Program& program, int number);

// Whether a buffer is to have one.
std::optional<Missing> some_gap(Program& program);
kernel::ProgramAddress allocate_buffer(std::size_t size, std::optional<Missing> gap);

enum class Sending { write, send, writev, message };
enum class Receiving { read, receive, readv };
struct Transfer {
  int number;
  std::size_t size;
  int flags = 0;  // of those calls that have some
  std::optional<Missing> gap{};
};
// What the call gives.
long send_data(Program& program, Sending how, const Transfer& transfer);
long receive_data(Program& program, Receiving how, const Transfer& transfer);
// sendfile from `offset` on, or where the file stands.
long send_file(Program& program, int to, int from, std::optional<std::int64_t> offset, std::size_t size);
}  // namespace cloister::fuzz
