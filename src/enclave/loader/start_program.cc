// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/loader/start_program.h"
#include <fcntl.h>
#include <cerrno>
#include "src/enclave/core/cpu.h"
#include "src/enclave/loader/elf_loader.h"
#include "src/enclave/loader/initial_stack.h"
#include "src/enclave/loader/vdso.h"
#include "src/enclave/vfs/namespace.h"

namespace cloister::loader {
namespace {
constexpr std::uint64_t kInitialFlags = 0x202;  // IF

Result<std::shared_ptr<MappedFile>> open_image(kernel::Task& task, const std::string& path) {
  const vfs::FileRef file = TRY(task.process.files->open(task, "/", path, O_RDONLY | O_CLOEXEC, 0));
  auto mapped = TRY(file->map_file());
  if (!mapped->may_execute()) return Error::from_errno(EACCES, "is not a file that may be executed");
  return mapped;
}

std::uint64_t brk_start(std::uint64_t end) { return ((end + 4095) & ~4095ULL) + (core::random_u64() & 0x3fff) * 4096; }
}  // namespace

Result<void> prepare_program(kernel::Task& task, core::ProgramContext* context, std::string* culprit) {
  kernel::Process& process = task.process;
  AddressSpace& memory = *process.memory;
  *culprit = process.executable_path;
  const auto image = TRY(open_image(task, process.executable_path));
  const LoadedElf program = TRY(load_elf(memory, image, Role::program));
  LoadedElf interpreter;
  if (!program.interpreter.empty()) {
    *culprit = program.interpreter;
    const auto loader_image = TRY(open_image(task, program.interpreter));
    interpreter = TRY(load_elf(memory, loader_image, Role::interpreter));
    *culprit = process.executable_path;
  }
  memory.start_brk(brk_start(program.end));
  const std::uint64_t vdso = TRY(map_vdso(memory));
  const StackContents contents{process.arguments,
                               process.environment,
                               process.executable_path,
                               program,
                               program.interpreter.empty() ? 0 : interpreter.bias,
                               vdso};
  const std::uint64_t stack = TRY(make_initial_stack(process, contents));
  *context = {};
  context->rip = context->rcx = program.interpreter.empty() ? program.entry : interpreter.entry;
  context->rsp = stack;
  context->rflags = context->r11 = kInitialFlags;
  context->orig_rax = core::kNoSystemCall;
  return {};
}
}  // namespace cloister::loader
