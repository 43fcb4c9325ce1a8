// SPDX-License-Identifier: Apache-2.0
#include "src/boundary/rules.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/host_call_path.h"

extern "C" std::uint8_t core_stopped;

namespace cloister::core {
namespace {
constinit std::uint64_t descriptors_in_use[kMaxHostDescriptors / 64] = {};

std::size_t append(char* line, std::size_t at, std::size_t capacity, const char* text) {
  while (*text != '\0' && at + 1 < capacity) line[at++] = *text++;
  return at;
}

[[noreturn]] void stop_with_line(HostCall service, const char* line, std::size_t size, std::uint64_t status) {
  Thread* thread = current_thread();
  copy_to_host(thread->host_block + kHostBlockBounceOffset, line, size);
  const HostAddress block = thread->host_block;
  store_host_word(block + offsetof(HostBlock, number), row_of(service).number);
  store_host_word(block + offsetof(HostBlock, args), status);
  store_host_word(block + offsetof(HostBlock, args) + 8, size);
  core_stopped = 1;  // whatever enters from now on leaves at once (E-13)
  thread->vectors_live = 0;
  host_call_transfer();
  for (;;) asm volatile("pause");
}

// Success invariants by kind of result (I-1, S-9).
void check_result(HostCall call, const HostCallRow& row, std::uint64_t bound, long result) {
  switch (row.result) {
    case HostResult::zero:
      if (CLOISTER_KEEPS(I_1) && result != 0) host_lied(call, "success must be 0");
      break;
    case HostResult::count:
      if (CLOISTER_KEEPS(S_9) && static_cast<std::uint64_t>(result) > bound) host_lied(call, "more than asked");
      break;
    case HostResult::descriptor: adopt_host_descriptor(call, static_cast<std::uint64_t>(result)); break;
    case HostResult::address:
      if (!is_outside(static_cast<std::uint64_t>(result), 4096) || result % 4096 != 0) host_lied(call, "address");
      break;
    case HostResult::never: host_lied(call, "came back");
    case HostResult::value: break;
  }
}

std::uint64_t exchange_with_host(Thread* thread, std::uint64_t number, const std::uint64_t (&arguments)[6]) {
  fill_request(thread, number, arguments);
  host_call_transfer();
  return take_answer(thread);
}

long submit(HostCall call, std::uint64_t flags, const std::uint64_t (&arguments)[6]) {
  const HostCallRow& row = row_of(call);
  const std::uint64_t answer = exchange_with_host(current_thread(), row.number | flags, arguments);
  return judge_answer(call, arguments[row.bound], answer);
}
}  // namespace

long judge_answer(HostCall call, std::uint64_t bound, std::uint64_t answer) {
  const HostCallRow& row = row_of(call);
  const long result = static_cast<long>(answer);
  if (result >= 0) [[likely]] {
    check_result(call, row, bound, result);
    // Nothing runs ahead of the check with an unchecked result.
    if constexpr (CLOISTER_KEEPS(E_12)) asm volatile("lfence" ::: "memory");
    return result;
  }
  if (CLOISTER_KEEPS(I_1) && !row.errors.contains(-answer)) host_lied(call, "an error that this call cannot have");
  return result;
}

long host_call(HostCall call, HostArgument a0, HostArgument a1, HostArgument a2, HostArgument a3, HostArgument a4,
               HostArgument a5) {
  return submit(call, 0, {a0.word(), a1.word(), a2.word(), a3.word(), a4.word(), a5.word()});
}

long blocking_host_call(HostCall call, HostArgument a0, HostArgument a1, HostArgument a2, HostArgument a3,
                        HostArgument a4, HostArgument a5) {
  return submit(call, kInterruptible, {a0.word(), a1.word(), a2.word(), a3.word(), a4.word(), a5.word()});
}

long opening_host_call(HostAddress path, HostAddress how, std::uint64_t how_size, HostAddress status,
                       HostAddress first_bytes, OpeningAnswer* answer) {
  constexpr std::uint64_t kWorkingDirectory = static_cast<std::uint64_t>(-100);  // AT_FDCWD; paths are absolute
  Thread* thread = current_thread();
  const std::uint64_t reads = first_bytes.is_null() ? 0 : kThenRead;
  const std::uint64_t number = row_of(HostCall::openat2).number | kInterruptible | kThenStatus | reads;
  const std::uint64_t opened = exchange_with_host(
      thread, number, {kWorkingDirectory, path.word(), how.word(), how_size, status.word(), first_bytes.word()});
  const auto answered = [&](std::uint64_t offset) {
    return load_host_word(thread->host_block + offset).unverified_because("judge_answer, if there is a descriptor");
  };
  const std::uint64_t status_answer = answered(offsetof(HostBlock, status_result));
  const std::uint64_t read_answer = reads == 0 ? 0 : answered(offsetof(HostBlock, read_result));
  const long result = judge_answer(HostCall::openat2, 0, opened);
  if (result < 0) return result;
  answer->status = judge_answer(HostCall::fstat, 0, status_answer);
  // Why there are none is nobody's business: the program has not asked.
  answer->first_bytes = static_cast<long>(read_answer) < 0
                            ? 0
                            : static_cast<std::uint64_t>(judge_answer(HostCall::pread64, kFirstBytesSize, read_answer));
  return result;
}

namespace {
[[noreturn]] void stop_for_lie(const char* where, const char* what) {
  char line[160];
  std::size_t size = append(line, 0, sizeof line, "cloister: host lied in ");
  size = append(line, size, sizeof line, where);
  size = append(line, size, sizeof line, ": ");
  size = append(line, size, sizeof line, what);
  line[size++] = '\n';
  stop_with_line(HostCall::report_lie, line, size, 120);
}
}  // namespace

void host_lied(HostCall call, const char* what) { stop_for_lie(row_of(call).name, what); }
void host_entered_wrongly(const char* what) { stop_for_lie("entry", what); }

void enclave_fail(const char* text, const char* file, unsigned line_number) {
  char line[256];
  std::size_t size = append(line, 0, sizeof line, "cloister: ");
  size = append(line, size, sizeof line, text);
  size = append(line, size, sizeof line, " (");
  size = append(line, size, sizeof line, file);
  size = append(line, size, sizeof line, ":");
  char digits[12];
  std::size_t count = 0;
  do digits[count++] = static_cast<char>('0' + line_number % 10);
  while ((line_number /= 10) != 0);
  while (count > 0 && size + 3 < sizeof line) line[size++] = digits[--count];
  size = append(line, size, sizeof line, ")");
  line[size++] = '\n';
  stop_with_line(HostCall::fail, line, size, 121);
}

// Both copies keep two pointers. As one pointer and a difference, which compilers prefer, an address inside would be
// computed from one of the host's, and a symbolic checker could not tell it from one that the host has chosen.
void copy_to_host(HostAddress host, const void* from, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(from);
  for (; size >= 8; size -= 8, bytes += 8, host += 8) {
    asm("" : "+r"(bytes));
    std::uint64_t word;
    __builtin_memcpy(&word, bytes, 8);
    store_host_word(host, word);
  }
  if (size == 0) return;
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) word |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  store_host_word(host, word);
}

void copy_from_host(void* to, HostAddress host, std::size_t size) {
  if constexpr (!CLOISTER_KEEPS(S_15)) {
    __builtin_memcpy(to, reinterpret_cast<const void*>(host.word()), size);
    return;
  }
  auto* bytes = static_cast<unsigned char*>(to);
  constexpr std::size_t kAtOnce = 64;
  for (; size >= kAtOnce; size -= kAtOnce, bytes += kAtOnce, host += kAtOnce) {
    asm("" : "+r"(bytes));
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kAtOnce; i += 8) {
      const std::uint64_t word = load_host_word(host + i).unverified_because("the caller judges the whole");
      __builtin_memcpy(bytes + i, &word, 8);
    }
  }
  for (; size >= 8; size -= 8, bytes += 8, host += 8) {
    asm("" : "+r"(bytes));
    const std::uint64_t word = load_host_word(host).unverified_because("the caller judges the whole");
    __builtin_memcpy(bytes, &word, 8);
  }
  if (size == 0) return;
  const std::uint64_t word = load_host_word(host).unverified_because("the caller judges the whole");
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(word >> (8 * i));
}

HostAddress stage_string(std::uint64_t offset, const char* text, std::size_t size) {
  ENCLAVE_CHECK(offset % 8 == 0 && size <= kBounceSize && offset <= kBounceSize - size);
  const HostAddress address = bounce_buffer() + offset;
  copy_to_host(address, text, size);
  return address;
}

void adopt_host_descriptor(HostCall call, std::uint64_t descriptor) {
  if (!CLOISTER_KEEPS(I_1)) return;
  if (descriptor >= kMaxHostDescriptors) host_lied(call, "descriptor above the limit");
  const std::uint64_t bit = 1ULL << (descriptor & 63);
  const std::uint64_t old = __atomic_fetch_or(&descriptors_in_use[descriptor >> 6], bit, __ATOMIC_ACQ_REL);
  if ((old & bit) != 0) host_lied(call, "a descriptor that is in use");
}

void forget_host_descriptor(std::uint64_t descriptor) {
  if (!CLOISTER_KEEPS(I_1)) return;
  ENCLAVE_CHECK(descriptor < kMaxHostDescriptors);
  __atomic_fetch_and(&descriptors_in_use[descriptor >> 6], ~(1ULL << (descriptor & 63)), __ATOMIC_ACQ_REL);
}

void print_to_host(PrintStream stream, const char* text, std::size_t size) {
  while (size > 0) {
    const std::size_t part = size < kBounceSize ? size : kBounceSize;
    copy_to_host(bounce_buffer(), text, part);
    host_call(HostCall::print, part, static_cast<std::uint64_t>(stream));
    text += part;
    size -= part;
  }
}
}  // namespace cloister::core
