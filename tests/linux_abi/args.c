// SPDX-License-Identifier: Apache-2.0
// Arguments (empty ones, spaces, bytes above 127) and environment arrive as given.
// build: pie static-pie musl
// case: none
// case: some one "two words" "" "t\tab" "umläut" --help -- -x
// env: FOO=bar EMPTY= "SPACE=a b c"
#include "check.h"

int main(int argc, char** argv) {
  SAY("argc %d", argc);
  const char* slash = strrchr(argv[0], '/');
  SAY("name %s", slash ? slash + 1 : argv[0]);
  for (int i = 1; i < argc; i++) SAY("[%s]", argv[i]);
  CHECK(argv[argc] == NULL);
  SAY("FOO=%s", getenv("FOO"));
  SAY("EMPTY=[%s]", getenv("EMPTY"));
  SAY("SPACE=%s", getenv("SPACE"));
  CHECK(getenv("NOT_THERE") == NULL);
  CHECK(setenv("NEW", "x", 1) == 0 && strcmp(getenv("NEW"), "x") == 0);
  CHECK(unsetenv("FOO") == 0 && getenv("FOO") == NULL);
  char line[64];
  CHECK(fgets(line, sizeof line, stdin) && strcmp(line, "line from stdin\n") == 0);
  CHECK(fgets(line, sizeof line, stdin) == NULL);
  return check_done();
}
