// SPDX-License-Identifier: Apache-2.0
// The hash of a version of a session: what `predecessor` of the next one names. CAS and the owner's side; pure.
#pragma once
#include "src/session/model.h"

namespace cloister::cas {

// Over everything that the session means and who created its first version, whom CAS alone knows for sure: what the
// text says of its creator is not part of it.
session::Hash version_hash(session::Session session, const session::Hash& creator_key_hash);

}  // namespace cloister::cas
