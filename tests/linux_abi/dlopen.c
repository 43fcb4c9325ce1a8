// SPDX-License-Identifier: Apache-2.0
// dlopen of a library beside the program, its constructor, its system calls (libc's and its own), and dlclose.
// build: pie nopie
// library: dlopen_plugin.c
// flags: -ldl -rdynamic -Wl,-rpath,$ORIGIN
#include "check.h"
#include <dlfcn.h>
#include <link.h>

int from_program(int x) { return x * 3; }
static int count_objects(struct dl_phdr_info* info, size_t size, void* count) {
  (void)info, (void)size;
  ++*(int*)count;
  return 0;
}

int main(void) {
  void* h = dlopen("dlopen_plugin.so", RTLD_NOW);
  if (!h) SAY("FAILED %s", dlerror());
  REQUIRE(h);
  int (*function)(int) = (int (*)(int))dlsym(h, "plugin_function");
  long (*own_call)(void) = (long (*)(void))dlsym(h, "plugin_own_call");
  int* counter = dlsym(h, "plugin_counter");
  REQUIRE(function && own_call && counter);
  SAY("%d %d", function(5), *counter);
  CHECK(own_call() == getpid());
  CHECK(dlsym(h, "nothing") == NULL && dlerror() != NULL);
  Dl_info info;
  CHECK(dladdr((void*)(uintptr_t)function, &info) && strcmp(info.dli_sname, "plugin_function") == 0);
  int objects = 0;
  dl_iterate_phdr(count_objects, &objects);
  CHECK(objects >= 3);
  CHECK(dlclose(h) == 0 && dlopen("not_there.so", RTLD_NOW) == NULL);
  SECTION("again");
  for (int i = 0; i < 20; i++) {
    h = dlopen("dlopen_plugin.so", RTLD_LAZY);
    REQUIRE(h);
    CHECK(dlclose(h) == 0);
  }
  SECTION("a system library");
  h = dlopen("libm.so.6", RTLD_NOW);
  double (*cosine)(double) = (double (*)(double))dlsym(h, "cos");
  SAY("%.3f", cosine(1.0));
  return check_done();
}
