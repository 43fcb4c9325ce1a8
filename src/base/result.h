// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or an error. Both sides; no exceptions, no allocation, usable in freestanding code.
//
//   Result<Header> parse(std::span<const std::byte> bytes);
//   auto header = TRY(parse(bytes));          // the value, or return its error from here
// Never behind a comma in braces: compilers leave what the aggregate has by then undestroyed when it returns.
// An Error is static: a code, a text that names the cause, and the place. It never carries host strings or secrets.
// Three kinds of failure are never mixed: the program is wrong (a Linux errno), the host lied (Errc::host_lied, which
// stops the enclave), we are wrong (ENCLAVE_CHECK).
#pragma once
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace cloister {

enum class Errc : std::uint16_t {
  // 1..133 are Linux errno values; make them with Error::from_errno.
  invalid = 1000,  // malformed input
  unsupported,     // well-formed, but something we do not serve
  mismatch,        // a signature, hash or measurement that does not hold
  host_lied,       // an answer that an honest host cannot give
  io,              // the operating system refused; see what()
};

class [[nodiscard]] Error {
 public:
  constexpr explicit Error(Errc code, const char* what = "", const char* file = __builtin_FILE(),
                           std::uint_least32_t line = __builtin_LINE())
      : code_(code), line_(line), file_(file), what_(what) {}
  // `value` is positive, as in <errno.h>.
  static constexpr Error from_errno(int value, const char* what = "", const char* file = __builtin_FILE(),
                                    std::uint_least32_t line = __builtin_LINE()) {
    return Error(static_cast<Errc>(value), what, file, line);
  }
  constexpr Errc code() const { return code_; }
  constexpr bool is_errno() const { return static_cast<std::uint16_t>(code_) < 1000; }
  // The Linux errno, positive; EIO for what has none.
  constexpr int errno_value() const { return is_errno() ? static_cast<int>(code_) : 5; }
  constexpr const char* what() const { return what_; }
  constexpr const char* file() const { return file_; }
  constexpr unsigned line() const { return line_; }

 private:
  Errc code_;
  std::uint_least32_t line_;
  const char* file_;
  const char* what_;
};

template <typename T>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T>, "Result<T&> hides lifetimes; return a pointer");
  static_assert(!std::is_same_v<T, Error>);

 public:
  constexpr Result(T value) : ok_(true) { new (&value_) T(std::move(value)); }
  constexpr Result(Error error) : error_(error), ok_(false) {}
  constexpr Result(Result&& other) : ok_(other.ok_) {
    if (ok_)
      new (&value_) T(std::move(other.value_));
    else
      new (&error_) Error(other.error_);
  }
  Result& operator=(Result&&) = delete;
  constexpr ~Result() {
    if (ok_) value_.~T();
  }
  constexpr bool ok() const { return ok_; }
  constexpr const Error& error() const { return error_; }
  constexpr T& value() & { return value_; }
  constexpr const T& value() const& { return value_; }
  constexpr T take() && { return std::move(value_); }

 private:
  union {
    T value_;
    Error error_;
  };
  bool ok_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  constexpr Result() = default;
  constexpr Result(Error error) : error_(error), ok_(false) {}
  constexpr bool ok() const { return ok_; }
  constexpr const Error& error() const { return error_; }
  constexpr void take() && {}

 private:
  Error error_{Errc::io};
  bool ok_ = true;
};

}  // namespace cloister

#define CLOISTER_TRY_CAT_(a, b) a##b
#define CLOISTER_TRY_CAT(a, b) CLOISTER_TRY_CAT_(a, b)
#define CLOISTER_TRY_(name, expr) \
  __extension__({                 \
    auto name = (expr);           \
    if (!name.ok()) [[unlikely]]  \
      return name.error();        \
    std::move(name).take();       \
  })
#define TRY(expr) CLOISTER_TRY_(CLOISTER_TRY_CAT(try_, __COUNTER__), expr)
