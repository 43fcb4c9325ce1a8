// SPDX-License-Identifier: Apache-2.0
// `cloister run` whose host part lies (lying_host.cc).
#include "src/cli/verb_run.h"

int main(int argc, char** argv) { return cloister::run_verb(argc - 1, argv + 1); }
