// SPDX-License-Identifier: Apache-2.0
// Which errno values an honest kernel may answer to each host call (rule I-1): one set for each row of the table, named
// like the row unless several rows share it. What is plausible on some Linux 6 is in: file systems over networks and in
// user space, security modules, devices that fail, errors that a socket has kept. EBADF, EFAULT, ENOTSOCK and ENOSYS
// are absent everywhere: the descriptors, the buffers and the choice of the call are ours, so such an answer is a lie.
// Likewise EINVAL where it could only be about arguments that the enclave itself makes up.
#pragma once
#include <asm/errno.h>
#include "src/boundary/error_set.h"

namespace cloister::host_errors {
inline constexpr ErrorSet none = ErrorSet::of();

// What security modules answer to calls that nothing else refuses.
inline constexpr ErrorSet security = ErrorSet::of(EACCES, EPERM);

// What may befall any call that reaches a file system: its block device (EIO to EBADE), its damage, its keys, its
// server in user space or on a network, and signals while it waits for that.
inline constexpr ErrorSet file_system =
    security | ErrorSet::of(EINTR, ENOMEM) |
    ErrorSet::of(EIO, EREMOTEIO, ENOLINK, ETIMEDOUT, ENODATA, EILSEQ, ENODEV, ENXIO, EBADE) |
    ErrorSet::of(EUCLEAN, EBADMSG) | ErrorSet::of(ENOKEY, EKEYEXPIRED, EKEYREVOKED, EKEYREJECTED) |
    ErrorSet::of(ESTALE, ENOTCONN, ECONNABORTED, EHOSTDOWN, EPROTO, ESHUTDOWN);
inline constexpr ErrorSet no_space = ErrorSet::of(ENOSPC, EDQUOT);

// A walk along a path, which may mount something on its way.
inline constexpr ErrorSet lookup = file_system | ErrorSet::of(ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EINVAL) |
                                   ErrorSet::of(EREMOTE, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH);
// The same to a name that is to come or to go.
inline constexpr ErrorSet naming = lookup | no_space | ErrorSet::of(EROFS, EOPNOTSUPP, EOVERFLOW, EBUSY);

// Calls with paths. openat2: EAGAIN for a lease, ESRCH and the media for files of devices and of /proc.
inline constexpr ErrorSet openat2 =
    naming | ErrorSet::of(EEXIST, EISDIR, EMFILE, ENFILE, ETXTBSY, EFBIG, EXDEV, EAGAIN, ESRCH, ENOMEDIUM, EMEDIUMTYPE);
inline constexpr ErrorSet newfstatat = lookup | ErrorSet::of(EOVERFLOW);
inline constexpr ErrorSet readlinkat = lookup;
inline constexpr ErrorSet faccessat2 = lookup | ErrorSet::of(EROFS, ETXTBSY);
inline constexpr ErrorSet creates = naming | ErrorSet::of(EEXIST, EMLINK);  // mkdirat, mknodat, symlinkat
inline constexpr ErrorSet linkat = creates | ErrorSet::of(EXDEV);
inline constexpr ErrorSet renameat2 = linkat | ErrorSet::of(EISDIR, ENOTEMPTY, ETXTBSY);
// Servers of NFS say EEXIST of a directory that is not empty.
inline constexpr ErrorSet unlinkat = naming | ErrorSet::of(EISDIR, ENOTEMPTY, EEXIST, ETXTBSY);
inline constexpr ErrorSet changes_path = naming | ErrorSet::of(ETXTBSY);  // fchmodat, fchownat, utimensat

// Calls about an open file.
inline constexpr ErrorSet fstat = file_system | ErrorSet::of(EOVERFLOW);
inline constexpr ErrorSet fchmod = file_system | no_space | ErrorSet::of(EINVAL, EROFS, EOPNOTSUPP, EOVERFLOW, EBUSY);
inline constexpr ErrorSet lseek = file_system | ErrorSet::of(EINVAL, ESPIPE, EOVERFLOW);
// ELOOP: the client of NFS, of a server that gives the same entry again.
inline constexpr ErrorSet getdents64 = file_system | ErrorSet::of(EINVAL, ENOENT, ENOTDIR, EOVERFLOW, ELOOP);
// A descriptor that is closed may tell of writes that had been promised.
inline constexpr ErrorSet close = file_system | no_space | ErrorSet::of(EFBIG, EROFS);
inline constexpr ErrorSet synchronises = close | ErrorSet::of(EINVAL, EOPNOTSUPP);  // fsync and its kin
inline constexpr ErrorSet sync_file_range = synchronises | ErrorSet::of(ESPIPE);
inline constexpr ErrorSet ftruncate = synchronises | ErrorSet::of(ETXTBSY, EBUSY, EOVERFLOW);
inline constexpr ErrorSet fallocate = ftruncate | ErrorSet::of(ESPIPE);

// Regular files and block devices: nobody waits, so there is no EAGAIN. ESRCH, EBUSY: files of /proc and /sys.
inline constexpr ErrorSet read_of_file = file_system | ErrorSet::of(EINVAL, EOVERFLOW, EOPNOTSUPP, EBUSY, ESRCH);
inline constexpr ErrorSet write_of_file = read_of_file | no_space | ErrorSet::of(EFBIG, EROFS, ETXTBSY);

// The host's lock of a file; a server may be the one who keeps it.
inline constexpr ErrorSet flock = file_system | ErrorSet::of(EAGAIN, EINVAL, ENOLCK, EDEADLK, EOPNOTSUPP);
inline constexpr ErrorSet locks_record = flock | ErrorSet::of(EOVERFLOW);
inline constexpr ErrorSet sets_flags = security | ErrorSet::of(EINVAL);
inline constexpr ErrorSet duplicates = security | ErrorSet::of(EMFILE, EINVAL, ENOMEM);

// Errors that a socket keeps until somebody asks: answers by ICMP, resets, devices that went.
inline constexpr ErrorSet kept_by_socket =
    security | ErrorSet::of(ECONNREFUSED, ECONNRESET, ECONNABORTED, ETIMEDOUT, EPIPE, EHOSTUNREACH, EHOSTDOWN,
                            ENETUNREACH, ENETDOWN, ENETRESET, ENONET, EPROTO, ENOPROTOOPT, EOPNOTSUPP, EMSGSIZE,
                            ENOBUFS, ENOMEM, ESHUTDOWN, EADDRNOTAVAIL, ENODEV);
inline constexpr ErrorSet receives = kept_by_socket | ErrorSet::of(EINTR, EAGAIN, ENOTCONN, EINVAL, EIO);
inline constexpr ErrorSet sends = receives | ErrorSet::of(EDESTADDRREQ, EISCONN, EAFNOSUPPORT, EPROTOTYPE, ENXIO,
                                                          EINPROGRESS, EALREADY, ETOOMANYREFS);
inline constexpr ErrorSet sendmsg = sends | lookup;  // the address may be a path
inline constexpr ErrorSet accept4 = receives | ErrorSet::of(EMFILE, ENFILE, ESOCKTNOSUPPORT, EPROTONOSUPPORT);
inline constexpr ErrorSet connect = sends | lookup | ErrorSet::of(EADDRINUSE);
inline constexpr ErrorSet sendfile = sends | read_of_file;

// Pipes, terminals, other devices and sockets.
inline constexpr ErrorSet read = receives | file_system | ErrorSet::of(EBUSY, EOVERFLOW, ENOSPC, ECANCELED, ESRCH);
inline constexpr ErrorSet write = read | sends | ErrorSet::of(EDQUOT, EFBIG);
inline constexpr ErrorSet read_of_device =
    file_system | ErrorSet::of(EAGAIN, EINVAL, ESPIPE, EBUSY, EOVERFLOW, ENOSPC, EOPNOTSUPP, EPIPE, ECANCELED);
inline constexpr ErrorSet write_of_device = read_of_device | ErrorSet::of(EFBIG);

// What is asked of a socket itself.
inline constexpr ErrorSet socket = security | ErrorSet::of(EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPROTOTYPE,
                                                           EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENODEV);
inline constexpr ErrorSet socketpair = socket | ErrorSet::of(EOPNOTSUPP);
// A socket of AF_UNIX makes a file; EINTR and EAGAIN while somebody else binds it.
inline constexpr ErrorSet bind =
    naming | ErrorSet::of(EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, ENOBUFS, EAGAIN, EMLINK);
inline constexpr ErrorSet listen = security | ErrorSet::of(EADDRINUSE, EINVAL, EOPNOTSUPP, ENOBUFS, ENOMEM);
inline constexpr ErrorSet shutdown = security | ErrorSet::of(ENOTCONN, EOPNOTSUPP, EINVAL);
inline constexpr ErrorSet getsockname = security | ErrorSet::of(ENOBUFS, ENOMEM, EOPNOTSUPP);
inline constexpr ErrorSet getpeername = getsockname | ErrorSet::of(ENOTCONN, EINVAL);
inline constexpr ErrorSet getsockopt =
    getpeername | ErrorSet::of(ENOPROTOOPT, EADDRNOTAVAIL, ENODATA, ERANGE, ENODEV, EDOM);
// EINTR: SO_PEEK_OFF waits for readers of AF_UNIX.
inline constexpr ErrorSet setsockopt =
    getsockopt | ErrorSet::of(EBUSY, EISCONN, EALREADY, ENXIO, E2BIG, EAFNOSUPPORT, EINTR);
// Groups that the socket is in already; names of algorithms for congestion that nobody has loaded.
inline constexpr ErrorSet joins_group = setsockopt | ErrorSet::of(EADDRINUSE);
inline constexpr ErrorSet names_algorithm = setsockopt | ErrorSet::of(ENOENT);

// Settings of terminals and what other files say to them; SIOCOUTQ and FIONREAD of sockets; what interfaces there are.
inline constexpr ErrorSet ioctl = file_system | ErrorSet::of(ENOTTY, EINVAL, EAGAIN, EBUSY, ESRCH, EOPNOTSUPP);
inline constexpr ErrorSet asks_interface =
    security | ErrorSet::of(ENOTTY, EINVAL, ENODEV, ENXIO, EADDRNOTAVAIL, EOPNOTSUPP, ENOMEM, EINTR);

// Waiting and waking.
inline constexpr ErrorSet poll = ErrorSet::of(EINTR, EINVAL, ENOMEM);  // EINVAL: more than RLIMIT_NOFILE
inline constexpr ErrorSet epoll_wait = ErrorSet::of(EINTR);
inline constexpr ErrorSet epoll_ctl = ErrorSet::of(EPERM, EINVAL, ELOOP, ENOMEM, ENOSPC);
inline constexpr ErrorSet epoll_create1 = security | ErrorSet::of(EMFILE, ENFILE, ENOMEM);
inline constexpr ErrorSet eventfd2 = epoll_create1 | ErrorSet::of(ENODEV);
inline constexpr ErrorSet bell = ErrorSet::of(EINTR, EAGAIN) | security;  // reads and writes of an eventfd
inline constexpr ErrorSet futex = ErrorSet::of(EINTR, EAGAIN, ETIMEDOUT);
inline constexpr ErrorSet tgkill = ErrorSet::of(ESRCH, EAGAIN);

// Threads and memory.
inline constexpr ErrorSet setgroups = security | ErrorSet::of(EINVAL, ENOMEM);
inline constexpr ErrorSet affinity = security | ErrorSet::of(EINVAL, ESRCH, EBUSY, ENOMEM);
inline constexpr ErrorSet memory = ErrorSet::of(ENOMEM, EAGAIN, EACCES, EPERM, ENOSPC, EINVAL);
inline constexpr ErrorSet thread = ErrorSet::of(EAGAIN, ENOMEM, EPERM);
}  // namespace cloister::host_errors
