// SPDX-License-Identifier: Apache-2.0
// Words for reports.
#pragma once
#include "src/plan/plan.h"

namespace cloister {

inline const char* name_of(SiteKind kind) {
  switch (kind) {
    case SiteKind::syscall: return "syscall";
    case SiteKind::cpuid: return "cpuid";
    case SiteKind::rdtsc: return "rdtsc";
    case SiteKind::rdtscp: return "rdtscp";
  }
  return "?";
}

}  // namespace cloister
