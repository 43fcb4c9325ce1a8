# SPDX-License-Identifier: Apache-2.0
"""Which errors an honest Linux 6 can answer to each host call, written from its manual pages and sources for the harness alone.

The runtime has a table of its own (src/boundary/host_errors.h), and neither is made from the other. Whatever is not here
must end a run with status 120. Pages name what the call itself finds; FILES is what any file system may add to that: one
over a network or in user space, one whose device fails, one with keys. SECURITY is what security modules say.

Keys are CALL or CALL/USE. The lying host logs the use: the command of fcntl, epoll_ctl and ioctl, and for reads and writes
the type of what is read or written.
"""
import errno
import random

SECURITY = "EACCES EPERM"
FILES = SECURITY + (
    " EINTR EIO ENOMEM ENODEV ENXIO"                                            # the pages of read(2), open(2), fsync(2)
    " EREMOTEIO ENOLINK ETIMEDOUT ENODATA EILSEQ EBADE"                         # block layer: errors of a device
    " EUCLEAN EBADMSG ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED"              # damage; fscrypt and Kerberos
    " ESTALE ENOTCONN ECONNABORTED EHOSTDOWN EPROTO ESHUTDOWN")                 # NFS, FUSE, SMB, Ceph
WALK = FILES + (" ENOENT ENOTDIR ELOOP ENAMETOOLONG EINVAL"                     # path_resolution(7)
                " EREMOTE ECONNREFUSED EHOSTUNREACH ENETUNREACH")               # a mount on the way
CHANGE = WALK + " ENOSPC EDQUOT EROFS EOPNOTSUPP EOVERFLOW EBUSY"
CREATE = CHANGE + " EEXIST EMLINK"
FLUSH = FILES + " ENOSPC EDQUOT EROFS EFBIG EINVAL EOPNOTSUPP"
# socket(7), ip(7), tcp(7), udp(7), unix(7) and what ICMP leaves behind.
PENDING = SECURITY + (" ECONNREFUSED ECONNRESET ECONNABORTED ETIMEDOUT EPIPE EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN"
                      " ENETRESET ENONET EPROTO ENOPROTOOPT EOPNOTSUPP EMSGSIZE ENOBUFS ENOMEM ESHUTDOWN EADDRNOTAVAIL ENODEV")
RECEIVE = PENDING + " EINTR EAGAIN ENOTCONN EINVAL EIO"
SEND = RECEIVE + " EDESTADDRREQ EISCONN EAFNOSUPPORT EPROTOTYPE ENXIO EINPROGRESS EALREADY ETOOMANYREFS"
DEVICE = FILES + " EAGAIN EINVAL EBUSY EOVERFLOW ENOSPC EPIPE EOPNOTSUPP ESRCH ECANCELED"
OPTION = SECURITY + " EINVAL ENOPROTOOPT ENOBUFS ENOMEM EOPNOTSUPP ENOTCONN EADDRNOTAVAIL ENODATA ERANGE ENODEV EDOM"
READ = FILES + " EINVAL EOVERFLOW EOPNOTSUPP EBUSY ESRCH"
WRITE = READ + " ENOSPC EDQUOT EFBIG EROFS ETXTBSY"
LOCK = FILES + " EAGAIN EINVAL ENOLCK EDEADLK EOPNOTSUPP"
MEMORY = "ENOMEM EAGAIN EACCES EPERM ENOSPC EINVAL"  # mmap(2), mprotect(2), fallocate(2): the host part's own calls

TABLE = {
    "read": DEVICE + " " + RECEIVE, "read/file": READ, "read/bell": SECURITY + " EAGAIN EINTR",
    "write": DEVICE + " EDQUOT EFBIG " + SEND, "write/file": WRITE, "write/bell": SECURITY + " EAGAIN EINTR",
    "pread64": DEVICE + " ESPIPE", "pread64/file": READ,
    "pwrite64": DEVICE + " ESPIPE EFBIG", "pwrite64/file": WRITE,
    "close": FILES + " ENOSPC EDQUOT EFBIG EROFS",
    "openat2": CHANGE + " EEXIST EISDIR EMFILE ENFILE ETXTBSY EFBIG EXDEV EAGAIN ESRCH ENOMEDIUM EMEDIUMTYPE",
    "newfstatat": WALK + " EOVERFLOW",
    "fstat": FILES + " EOVERFLOW",
    "fstatfs": FILES + " EOVERFLOW",
    "lseek": FILES + " EINVAL ESPIPE EOVERFLOW",
    "ftruncate": FLUSH + " ETXTBSY EBUSY EOVERFLOW",
    "fallocate": FLUSH + " ETXTBSY EBUSY EOVERFLOW ESPIPE",
    "fsync": FLUSH, "fdatasync": FLUSH, "syncfs": FLUSH, "sync": "", "sync_file_range": FLUSH + " ESPIPE",
    "getdents64": FILES + " EINVAL ENOENT ENOTDIR EOVERFLOW ELOOP",
    "mkdirat": CREATE, "mknodat": CREATE, "symlinkat": CREATE,
    "linkat": CREATE + " EXDEV",
    "renameat2": CREATE + " EXDEV EISDIR ENOTEMPTY ETXTBSY",
    "unlinkat": CHANGE + " EISDIR ENOTEMPTY EEXIST ETXTBSY",
    "readlinkat": WALK,
    "fchmod": FILES + " EINVAL ENOSPC EDQUOT EROFS EOPNOTSUPP EOVERFLOW EBUSY",
    "fchmodat": CHANGE + " ETXTBSY", "fchownat": CHANGE + " ETXTBSY", "utimensat": CHANGE + " ETXTBSY",
    "faccessat2": WALK + " EROFS ETXTBSY",
    "setfsuid": "", "setfsgid": "", "setgroups": SECURITY + " EINVAL ENOMEM",
    "flock": LOCK,
    "fcntl": LOCK + " EOVERFLOW",
    "fcntl/F_GETFL": SECURITY,
    "fcntl/F_SETFL": SECURITY + " EINVAL",
    "fcntl/F_DUPFD_CLOEXEC": SECURITY + " EMFILE EINVAL ENOMEM",
    "ioctl": FILES + " ENOTTY EINVAL EAGAIN EBUSY ESRCH EOPNOTSUPP",
    "ioctl/socket": SECURITY + " ENOTTY EINVAL ENODEV ENXIO EADDRNOTAVAIL EOPNOTSUPP ENOMEM EINTR",
    "socket": SECURITY + " EAFNOSUPPORT EPROTONOSUPPORT ESOCKTNOSUPPORT EPROTOTYPE EINVAL EMFILE ENFILE ENOBUFS ENOMEM ENODEV",
    "socketpair": SECURITY + " EAFNOSUPPORT EPROTONOSUPPORT ESOCKTNOSUPPORT EPROTOTYPE EINVAL EMFILE ENFILE ENOBUFS ENOMEM ENODEV"
                             " EOPNOTSUPP",
    "bind": CHANGE + " EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT ENOBUFS EAGAIN EMLINK",
    "listen": SECURITY + " EADDRINUSE EINVAL EOPNOTSUPP ENOBUFS ENOMEM",
    "accept4": RECEIVE + " EMFILE ENFILE ESOCKTNOSUPPORT EPROTONOSUPPORT",
    "connect": SEND + " EADDRINUSE " + WALK,
    "shutdown": SECURITY + " ENOTCONN EOPNOTSUPP EINVAL",
    "getsockname": SECURITY + " ENOBUFS ENOMEM EOPNOTSUPP",
    "getpeername": SECURITY + " ENOBUFS ENOMEM EOPNOTSUPP ENOTCONN EINVAL",
    "getsockopt": OPTION,
    # Nobody here joins groups (EADDRINUSE) or names algorithms for congestion (ENOENT).
    "setsockopt": OPTION + " EBUSY EISCONN EALREADY ENXIO E2BIG EAFNOSUPPORT EINTR",
    "sendto": SEND, "sendmsg": SEND + " " + WALK, "recvfrom": RECEIVE, "recvmsg": RECEIVE,
    "sendfile": SEND + " " + READ,
    "poll": "EINTR EINVAL ENOMEM", "ppoll": "EINTR EINVAL ENOMEM",
    "epoll_create1": SECURITY + " EMFILE ENFILE ENOMEM",
    "epoll_ctl": "EPERM EINVAL ELOOP ENOMEM ENOSPC",
    "epoll_wait": "EINTR", "epoll_pwait2": "EINTR",
    "eventfd2": SECURITY + " EMFILE ENFILE ENOMEM ENODEV",
    "futex": "EINTR EAGAIN ETIMEDOUT",
    "tgkill": "ESRCH EAGAIN",
    "sched_yield": "", "sched_setaffinity": SECURITY + " EINVAL ESRCH EBUSY ENOMEM",
    "sched_getaffinity": SECURITY + " EINVAL ESRCH EBUSY ENOMEM",
    "augment": MEMORY, "protect": MEMORY, "remove": MEMORY, "make_tcs": MEMORY,
    "start_thread": "EAGAIN ENOMEM EPERM", "start_ticks": "EAGAIN ENOMEM EPERM",
    "print": "", "raise_stop": "",
}
# No errors for programs: what is said between parts of the kernel, and what lies beyond every error number.
NO_ERRORS = (512, 513, 516, 4095, 1 << 62)
ALL = sorted(set(errno.errorcode) | set(range(1, 134)))


def possible(call: str, use: str) -> set:
    names = TABLE.get(f"{call}/{use}", TABLE[call])
    return {getattr(errno, name) for name in names.split()}


class Impossible:
    """Hands out the impossible errors of each call in an order that the seed chooses, until all have had their turn."""

    def __init__(self, seed: int):
        self.chooser = random.Random(seed)
        self.waiting = {}

    def take(self, call: str, use: str, count: int) -> list:
        taken = []
        while len(taken) < count:
            waiting = self.waiting.setdefault((call, use), [])
            if not waiting:
                allowed = possible(call, use)
                waiting += [error for error in (*ALL, *NO_ERRORS) if error not in allowed]
                self.chooser.shuffle(waiting)
            taken.append(waiting.pop())
        return taken
