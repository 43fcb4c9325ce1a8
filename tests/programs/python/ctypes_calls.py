# SPDX-License-Identifier: Apache-2.0
# allow: insecure_dynamic_code
"""ctypes: calls into libc and libm, structures, callbacks (libffi closures are code made at run time)."""
import ctypes
import ctypes.util

libc = ctypes.CDLL("libc.so.6", use_errno=True)
libm = ctypes.CDLL("libm.so.6")
libm.pow.restype, libm.pow.argtypes = ctypes.c_double, [ctypes.c_double, ctypes.c_double]
print(libm.pow(2, 10), libc.abs(-5), libc.strlen(b"twelve bytes"))
libc.snprintf.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
buffer = ctypes.create_string_buffer(50)
print(libc.snprintf(buffer, 50, b"%d-%s", ctypes.c_int(42), b"text"), buffer.value)
print(libc.open(b"/nonexistent", 0), ctypes.get_errno())


class Pair(ctypes.Structure):
    _fields_ = [("quotient", ctypes.c_int), ("remainder", ctypes.c_int)]


libc.div.restype = Pair
pair = libc.div(17, 5)
print(pair.quotient, pair.remainder)
Compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
array = (ctypes.c_int * 8)(5, 3, 8, 1, 9, 2, 7, 4)
libc.qsort(array, 8, 4, Compare(lambda x, y: x[0] - y[0]))
print(list(array))
libc.syscall.restype = ctypes.c_long
import os  # noqa: E402
print(libc.syscall(39) == os.getpid())
print("done")
