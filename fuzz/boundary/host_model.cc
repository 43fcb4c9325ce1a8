// SPDX-License-Identifier: Apache-2.0
#include "fuzz/boundary/host_model.h"
#include <sys/mman.h>
#include <sys/syscall.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include "fuzz/boundary/enclave_thread.h"
#include "fuzz/boundary/honest_answers.h"
#include "fuzz/boundary/streams.h"
#include "src/boundary/host_call_table.h"
#include "src/boundary/testing/serve_request.h"
#include "src/enclave/core/host_call.h"

namespace cloister::fuzz {
namespace {
constexpr unsigned kMostLyingCalls = 400;  // then the host is honest, so that every input ends
// What the address sanitizer fills fresh memory with: eight such bytes outside came from where nobody wrote.
constexpr std::uint64_t kNeverWritten = 0xbebe'bebe'bebe'bebe;
constexpr std::uint64_t kWatchedBytes = kHostBlockBounceOffset + 8192 + 512;

HostWorld world;
Choices* choices = nullptr;
unsigned lies = 0, calls = 0;
bool own_check_failed = false;
std::string line;
std::vector<std::uint64_t> given;
std::uint64_t changed_last = 0;  // a word of the block that changes once everything else is answered; 0: none

Choices& none() {
  static Choices empty(nullptr, 0);
  return empty;
}

// What one answer's falsification works on.
struct Answer {
  std::uint64_t block;
  const std::uint64_t* arguments;  // as the enclave asked
  std::uint64_t number;
  long result;
};

void scribble(std::uint64_t address) {
  std::uint64_t word = choices->byte() % 2 == 0 ? choices->interesting() : choices->word();
  if (word == kNeverWritten) word = 0;
  std::memcpy(reinterpret_cast<void*>(address), &word, sizeof word);
}

// A word of what the call fills, or of the length beside it.
void change_output(const Answer& answer) {
  const int index = output_argument(answer.number);
  const std::uint64_t bounce = answer.block + kHostBlockBounceOffset;
  if (index < 0) doubt_all_bytes(true);  // what is about to be sent may lie there
  std::uint64_t address = index < 0 ? bounce : answer.arguments[index];
  if (address < bounce || address >= answer.block + kHostBlockSize - 512) return;
  if (choices->byte() % 4 == 1) address = bounce;  // lengths lie at its beginning
  scribble(address / 8 * 8 + 8 * choices->below(60));
}

// A word of the block that this call is not about: what lies there for later, or what else this exit has asked for.
void change_elsewhere(std::uint64_t block, std::uint8_t kind) {
  struct Area {
    std::uint64_t offset, size;
  };
  static constexpr Area kAreas[] = {
      {kHostBlockBounceOffset, kBounceSize},
      {kHostBlockBounceOffset, kBounceSize},
      {offsetof(HostBlock, status_result), sizeof(HostBlock) - offsetof(HostBlock, status_result)},
      {offsetof(HostBlock, prefetches), sizeof HostBlock::prefetches},
      {offsetof(HostBlock, sends), sizeof HostBlock::sends},
      {kPrefetchOffset, kMostPrefetches * kPrefetchSize},
      {kSendAreaOffset, kSendAreaSize},
      {kFirstBytesOffset, 2 * kFirstBytesSize}};
  const Area area = kAreas[kind % std::size(kAreas)];
  const std::uint64_t address = block + area.offset + 8 * choices->below(area.size / 8);
  if (area.offset < kHostBlockBounceOffset)
    changed_last = address;
  else
    scribble(address);
  doubt_all_bytes(true);
}

// The kinds of lies. The honest answer stands in the block already.
void falsify(Answer& answer, std::uint8_t kind) {
  ++lies;
  if (kind < 192)
    answer.result = -static_cast<long>(1 + choices->below(140));
  else if (kind < 204)
    answer.result = static_cast<long>(static_cast<std::uint64_t>(answer.result) +
                                      static_cast<std::uint64_t>(static_cast<std::int8_t>(choices->byte())));
  else if (kind < 212)
    answer.result = static_cast<long>(choices->interesting());
  else if (kind < 240)
    for (std::uint64_t left = 1 + choices->byte() % 4; left > 0; --left) change_output(answer);
  else
    change_elsewhere(answer.block, kind);
  if (HostObject* const object = world.find(answer.arguments[0])) object->stream.doubt();
  doubt_files();
}

[[noreturn]] void stop(bool own_check, const char* text, std::uint64_t size) {
  own_check_failed |= own_check;
  doubt_all_bytes(true);  // what was to go out never will
  line.assign(text, size);
  choices = nullptr;
  throw Stopped{};
}

__attribute__((no_sanitize_address)) void require_clean(const HostBlock* block) {
  const auto* const words = reinterpret_cast<const std::uint64_t*>(block);
  for (std::uint64_t i = 0; i < kWatchedBytes / 8; ++i)
    if (words[i] == kNeverWritten) {
      std::fprintf(stderr, "word %lu of the host block was never written inside\n", i);
      std::abort();
    }
}

// What looks like it from now on was written by the host itself.
__attribute__((no_sanitize_address)) void forget_own_marks(HostBlock* block) {
  auto* const words = reinterpret_cast<std::uint64_t*>(block);
  for (std::uint64_t i = 0; i < kWatchedBytes / 8; ++i)
    if (words[i] == kNeverWritten) ++words[i];
}
}  // namespace

void begin_host(Choices* from) {
  choices = from;
  lies = calls = 0;
  changed_last = 0;
  doubt_all_bytes(false);
  world.next_serial = 1;
  world.next_descriptor = 3;
  own_check_failed = false;
  line.clear();
  given.clear();
  std::erase_if(world.open, [](const auto& entry) { return entry.second.kind != HostKind::eventfd; });
}
void calm_host() { choices = nullptr; }
unsigned lies_told() { return lies; }
const std::string& last_words() { return line; }
bool broke_inside() { return own_check_failed; }
std::vector<std::uint64_t> open_host_descriptors() {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, object] : world.open)
    if (object.kind != HostKind::eventfd) numbers.push_back(number);
  return numbers;
}
std::vector<std::uint64_t> given_host_descriptors() {
  std::vector<std::uint64_t> numbers = given;
  std::erase_if(numbers, [](std::uint64_t number) {
    const HostObject* const object = world.find(number);
    return object != nullptr && object->kind == HostKind::eventfd;
  });
  return numbers;
}
Stream* find_stream(std::uint64_t host_descriptor) {
  HostObject* const object = world.find(host_descriptor);
  return object == nullptr ? nullptr : &object->stream;
}

namespace {
// What the host does beside the call itself: sends, closes, asks for a status, receives.
long answer_beside(HostBlock* block, std::uint64_t number, std::uint64_t* arguments) {
  if (number == SYS_close) return honest_answer(world, {number, arguments}, none());
  if (number == SYS_fstat) {
    const bool is_false = choices != nullptr && choices->byte() >= 224;
    lies += is_false ? 1 : 0;
    return is_false ? static_cast<long>(choices->interesting()) : honest_answer(world, {number, arguments}, none());
  }
  Answer answer{reinterpret_cast<std::uint64_t>(block), arguments, number, 0};
  answer.result = honest_answer(world, {number, arguments}, choices == nullptr ? none() : *choices);
  const std::uint8_t kind = choices == nullptr ? 0 : choices->byte();
  if (kind >= 176 && kind < 248) {
    falsify(answer, kind);
    doubt_all_bytes(true);  // what the call itself sends lies in the bounce buffer already
  }
  note_answer(world, {number, arguments}, answer.result);
  return answer.result;
}

// What the enclave keeps: no later input must hear a lie of this one. The call may fail.
bool outlives_input(std::uint64_t number) { return number == SYS_eventfd2; }

long answer_request(HostBlock* block, std::uint64_t number, std::uint64_t* arguments) {
  const std::uint64_t before = world.open.size();
  Answer answer{reinterpret_cast<std::uint64_t>(block), arguments, number, 0};
  answer.result = honest_answer(world, {number, arguments}, choices == nullptr ? none() : *choices);
  if (world.open.size() > before) given.push_back(static_cast<std::uint64_t>(answer.result));
  const std::uint8_t kind = choices == nullptr ? 0 : choices->byte();
  if (kind >= 160 && kind < 248) falsify(answer, outlives_input(number) ? 160 : kind);
  if (kind >= 248) block->signals = choices->word();  // which the host may do at any time
  note_answer(world, {number, arguments}, answer.result);
  if (answer.result >= 0) given.push_back(static_cast<std::uint64_t>(answer.result) % core::kMaxHostDescriptors);
  return answer.result;
}

void serve(HostBlock* block) {
  const std::uint64_t number = block->number & ~kHostCallFlags;
  const auto* const bounce = reinterpret_cast<const char*>(block) + kHostBlockBounceOffset;
  require_clean(block);
  if (number == static_cast<std::uint64_t>(HostService::report_lie)) stop(false, bounce, block->args[1]);
  if (number == static_cast<std::uint64_t>(HostService::fail)) stop(true, bounce, block->args[1]);
  if (choices != nullptr && ++calls > kMostLyingCalls) choices = nullptr;
  if (number == SYS_sched_yield) let_other_thread_work();
  testing::serve_request(*block, [block](std::uint64_t asked, std::uint64_t* arguments) {
    return arguments == block->args ? answer_request(block, asked, arguments) : answer_beside(block, asked, arguments);
  });
  if (changed_last != 0 && choices != nullptr) scribble(changed_last);
  changed_last = 0;
  forget_own_marks(block);
}
}  // namespace
}  // namespace cloister::fuzz

extern "C" void host_call_transfer() {
  cloister::fuzz::serve(reinterpret_cast<cloister::HostBlock*>(cloister::core::current_thread()->host_block.word()));
}
