// SPDX-License-Identifier: Apache-2.0
#include "fuzz/boundary/program_transfers.h"
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <algorithm>
#include "fuzz/boundary/host_model.h"
#include "fuzz/boundary/system_call.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::fuzz {
namespace {
// Two parts of the buffer.
struct Parts {
  Parts(kernel::ProgramAddress whole, std::size_t size)
      : list{{at<char>(whole), size / 3}, {at<char>(whole) + size / 3, size - size / 3}} {}
  iovec list[2];
};

long send_message(Program& program, const Transfer& transfer, const Parts& parts) {
  msghdr header = {};
  header.msg_iov = at<iovec>(copy_of(parts.list));
  header.msg_iovlen = 2;
  return call(program.task, SYS_sendmsg, transfer.number, copy_of(header), transfer.flags);
}
}  // namespace

std::optional<Missing> some_gap(Program& program) {
  const std::uint8_t choice = program.choices.byte();
  if (choice < 200) return std::nullopt;
  return choice < 232 ? Missing::until_touched : Missing::for_good;
}

kernel::ProgramAddress allocate_buffer(std::size_t size, std::optional<Missing> gap) {
  return gap && size > 0 ? allocate_with_gap(size, *gap) : allocate_output(size);
}

Stream& stream_of(Program& program, int number) {
  static Stream of_nothing;
  const auto file = program.task.process.descriptors.get(number);
  Stream* const found =
      file.ok() ? find_stream(static_cast<std::uint64_t>(std::int64_t{file.value()->host_descriptor})) : nullptr;
  return found == nullptr ? of_nothing : *found;
}

long send_data(Program& program, Sending how, const Transfer& transfer) {
  const auto data = allocate_buffer(transfer.size, transfer.gap);
  stream_of(program, transfer.number).fill_next(at<void>(data), transfer.size);
  const Parts parts(data, transfer.size);
  long result = 0;
  switch (how) {
    case Sending::write: result = call(program.task, SYS_write, transfer.number, data, transfer.size); break;
    case Sending::send:
      result = call(program.task, SYS_sendto, transfer.number, data, transfer.size, transfer.flags, 0, 0);
      break;
    case Sending::writev: result = call(program.task, SYS_writev, transfer.number, copy_of(parts.list), 2); break;
    case Sending::message: result = send_message(program, transfer, parts); break;
  }
  require(result <= static_cast<long>(transfer.size), "more sent than it had");
  stream_of(program, transfer.number).note_told(result);
  return result;
}

long receive_data(Program& program, Receiving how, const Transfer& transfer) {
  const auto data = allocate_buffer(transfer.size, transfer.gap);
  const Parts parts(data, transfer.size);
  long result = 0;
  switch (how) {
    case Receiving::read: result = call(program.task, SYS_read, transfer.number, data, transfer.size); break;
    case Receiving::receive:
      result = call(program.task, SYS_recvfrom, transfer.number, data, transfer.size, transfer.flags, 0, 0);
      break;
    case Receiving::readv: result = call(program.task, SYS_readv, transfer.number, copy_of(parts.list), 2); break;
  }
  require(result <= static_cast<long>(transfer.size), "more than it asked for");
  Stream& stream = stream_of(program, transfer.number);
  if (transfer.gap == Missing::for_good) stream.doubt();  // what could not be copied is lost
  stream.check_received(at<void>(data), result, true);
  return result;
}

long send_file(Program& program, int to, int from, std::optional<std::int64_t> offset, std::size_t size) {
  const auto file = program.task.process.descriptors.get(from);
  const bool is_known = offset.has_value() && file.ok() && file.value()->kind == core::FileKind::host_regular;
  stream_of(program, to)
      .send_file(is_known ? serial_of_file(file.value()->path().c_str()) : 0,
                 static_cast<std::uint64_t>(offset.value_or(0)));
  long result;
  if (offset.has_value()) {
    const auto place = allocate_output(sizeof(std::int64_t));
    *at<std::int64_t>(place) = *offset;
    result = call(program.task, SYS_sendfile, to, from, place, size);
    require(*at<std::int64_t>(place) == *offset + std::max(result, 0L), "an offset that is not where the data ends");
  } else {
    result = call(program.task, SYS_sendfile, to, from, 0, size);
  }
  require(result <= static_cast<long>(size), "more than it asked for");
  Stream& target = stream_of(program, to);
  target.sent_file(result);
  if (result < 0 && lies_told() > 0) target.note_end();  // also a false answer about the file's place, after the data
  return result;
}
}  // namespace cloister::fuzz
