// SPDX-License-Identifier: Apache-2.0
#include "src/session/redact.h"
#include "src/session/secret_text.h"
#include "src/yaml/write.h"

namespace cloister::session {
namespace {
using yaml::Value;

void wipe_all(Value& value) {
  SecretText::wipe(value.text);
  for (Value& item : value.items) wipe_all(item);
  for (std::string& key : value.keys) SecretText::wipe(key);
}

Value* find(Value& mapping, std::string_view key) {
  for (std::size_t i = 0; i < mapping.keys.size(); ++i)
    if (mapping.keys[i] == key) return &mapping.items[i];
  return nullptr;
}
}  // namespace

Result<std::string> redacted(std::string_view text) {
  yaml::Problem problem;
  Value session = TRY(yaml::parse(text, &problem));
  if (Value* const secrets = find(session, "secrets"))
    for (Value& secret : secrets->items)
      if (Value* const stated = find(secret, "value"); stated && stated->kind != Value::Kind::null) {
        wipe_all(*stated);
        Value hidden;
        hidden.kind = Value::Kind::scalar;
        hidden.text = kRedacted;
        hidden.quoted = true;
        *stated = std::move(hidden);
      }
  return yaml::write(session);
}
}  // namespace cloister::session
