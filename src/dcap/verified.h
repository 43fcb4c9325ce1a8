// SPDX-License-Identifier: Apache-2.0
// Verified<T>: a T whose evidence was verified. The primary template has no definition: each T that can be verified
// gives the one static function that makes it, and nothing else can (verify.h has that of Quote).
#pragma once

namespace cloister::dcap {
template <typename T>
class Verified;
}  // namespace cloister::dcap
