// SPDX-License-Identifier: Apache-2.0
// What an operation on sessions gives, or why it was refused: for a client, so that it names nothing that the client
// may not know. Inside CAS's enclave.
#pragma once
#include <string>
#include <utility>
#include <variant>
#include "src/yaml/document.h"

namespace cloister::cas {

struct Failure {
  enum class Kind {
    no_certificate,  // the operation needs a client certificate
    not_found,       // there is none, or the client may not: one answer for both
    not_allowed,     // where nothing is given away by it
    not_public,      // a value that is not for everybody, or is not there
    conflict,        // with what is stored now
    overtaken,       // by a change at the same time
    invalid,         // the session; `problem` has the place
    later,           // CAS cannot at the moment
  };
  Kind kind;
  std::string what, hint;
  yaml::Place place{.line = 0, .column = 0};  // in the session's text; line 0: nowhere
};

template <typename T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : value_(std::move(value)) {}
  Outcome(Failure failure) : value_(std::move(failure)) {}
  bool ok() const { return std::holds_alternative<T>(value_); }
  T& value() { return std::get<T>(value_); }
  const T& value() const { return std::get<T>(value_); }
  const Failure& failure() const { return std::get<Failure>(value_); }

 private:
  std::variant<T, Failure> value_;
};

}  // namespace cloister::cas
