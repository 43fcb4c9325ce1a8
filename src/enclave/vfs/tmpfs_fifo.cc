// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/tmpfs_fifo.h"
#include <fcntl.h>

namespace cloister::vfs {
namespace {
class FifoFile final : public ipc::PipeFile<NodeFile> {
 public:
  FifoFile(std::shared_ptr<ipc::Pipe> pipe, ipc::Pipe::Membership member, std::shared_ptr<TmpfsFifo> fifo,
           std::uint32_t flags)
      : PipeFile(std::move(pipe), member, fifo, flags), fifo_(std::move(fifo)) {}
  Result<std::size_t> write(Task& task, const IoVector& from) override {
    const std::size_t size = TRY(PipeFile::write(task, from));
    fifo_->touch();
    return size;
  }

 private:
  const std::shared_ptr<TmpfsFifo> fifo_;
};
}  // namespace

Result<FileRef> TmpfsFifo::open(Task&, std::uint32_t flags) {
  const std::uint32_t access = flags & O_ACCMODE;
  if (access == O_ACCMODE) return refuse(EINVAL);
  const auto blocking = (flags & O_NONBLOCK) != 0 ? ipc::Blocking::forbidden : ipc::Blocking::allowed;
  const auto member = TRY(pipe_.join({access != O_WRONLY, access != O_RDONLY}, blocking));
  auto fifo = std::static_pointer_cast<TmpfsFifo>(shared_from_this());
  std::shared_ptr<ipc::Pipe> pipe(fifo, &pipe_);
  return FileRef(new FifoFile(std::move(pipe), member, std::move(fifo), flags));
}
}  // namespace cloister::vfs
