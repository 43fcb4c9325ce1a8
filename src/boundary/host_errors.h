// SPDX-License-Identifier: Apache-2.0
// Which errno values an honest kernel may answer, by class of call (rule I-1). EBADF, EFAULT, ENOTSOCK and ENOSYS are
// absent on purpose: the descriptor and the buffers are ours, so such an answer is a lie.
#pragma once
#include <asm/errno.h>
#include <cstdint>

namespace cloister {

class ErrorSet {
 public:
  template <typename... E>
  static constexpr ErrorSet of(E... errors) {
    ErrorSet set;
    ((set.words_[static_cast<unsigned>(errors) >> 6] |= 1ULL << (static_cast<unsigned>(errors) & 63)), ...);
    return set;
  }
  constexpr ErrorSet operator|(ErrorSet other) const {
    ErrorSet set;
    for (int i = 0; i < 3; ++i) set.words_[i] = words_[i] | other.words_[i];
    return set;
  }
  constexpr bool contains(std::uint64_t error) const { return error < 192 && (words_[error >> 6] >> (error & 63) & 1); }

 private:
  std::uint64_t words_[3] = {};
};

namespace host_errors {
inline constexpr ErrorSet none = ErrorSet::of();
inline constexpr ErrorSet file =
    ErrorSet::of(EINTR, EIO, EAGAIN, ENOMEM, EACCES, EPERM, EBUSY, EINVAL, EISDIR, ENOTDIR, EFBIG, ENOSPC, ESPIPE,
                 EROFS, EOVERFLOW, EOPNOTSUPP, EDQUOT, ETXTBSY, ENXIO, ENODEV, ESTALE, ENOTTY, ENOENT);
inline constexpr ErrorSet network =
    ErrorSet::of(EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPROTOTYPE, EADDRINUSE, EADDRNOTAVAIL, EALREADY,
                 ECONNABORTED, ECONNREFUSED, ECONNRESET, EDESTADDRREQ, EHOSTDOWN, EHOSTUNREACH, EINPROGRESS, EISCONN,
                 EMSGSIZE, ENETDOWN, ENETUNREACH, ENETRESET, ENOBUFS, ENOPROTOOPT, ENOTCONN, EOPNOTSUPP, ESHUTDOWN,
                 ETIMEDOUT, ETOOMANYREFS, EPROTO, EPIPE, ENONET, ENOTUNIQ, EDOM);
inline constexpr ErrorSet stream = file | network;
inline constexpr ErrorSet control = stream | ErrorSet::of(ESRCH);  // TIOCSPGRP
inline constexpr ErrorSet path = file | ErrorSet::of(ENOENT, EEXIST, ELOOP, EMFILE, ENFILE, EMLINK, ENAMETOOLONG,
                                                     ENOTEMPTY, EXDEV, ENXIO, ENODEV, E2BIG, ENOTBLK);
inline constexpr ErrorSet socket =
    network | ErrorSet::of(EINTR, EAGAIN, EIO, ENOMEM, EACCES, EPERM, EINVAL, EMFILE, ENFILE, ENOENT, ENOTDIR, ELOOP,
                           EROFS, ENAMETOOLONG, ENODEV, ENXIO, ENOSPC, EDQUOT, EBUSY);
inline constexpr ErrorSet lock = file | ErrorSet::of(EDEADLK, ENOLCK, EWOULDBLOCK);
inline constexpr ErrorSet wait =
    ErrorSet::of(EINTR, EINVAL, ENOMEM, EMFILE, ENFILE, EEXIST, ENOENT, EPERM, ELOOP, ENOSPC, ENODEV);
inline constexpr ErrorSet futex = ErrorSet::of(EINTR, EAGAIN, ETIMEDOUT);
inline constexpr ErrorSet kick = ErrorSet::of(ESRCH, EAGAIN);
inline constexpr ErrorSet sched = ErrorSet::of(EINVAL, EPERM, ESRCH);
inline constexpr ErrorSet memory = ErrorSet::of(ENOMEM, EAGAIN, EACCES, EPERM, ENOSPC, EINVAL);
inline constexpr ErrorSet thread = ErrorSet::of(EAGAIN, ENOMEM, EPERM);
inline constexpr ErrorSet closing = ErrorSet::of(EINTR, EIO, ENOSPC, EDQUOT);
}  // namespace host_errors
}  // namespace cloister
