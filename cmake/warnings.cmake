# SPDX-License-Identifier: Apache-2.0
# One interface target for what every target of ours is compiled with.
# Sources are named from the project's folder on, whether the compiler sees an absolute path or, under ccache, a relative one.
file(RELATIVE_PATH CLOISTER_ROOT_FROM_BUILD ${CMAKE_BINARY_DIR} ${PROJECT_SOURCE_DIR})
add_library(cloister_options INTERFACE)
target_include_directories(cloister_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(cloister_options INTERFACE
  -Wall -Wextra -Wshadow -Werror -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
  -ffile-prefix-map=${CLOISTER_ROOT_FROM_BUILD}= -fno-strict-aliasing)
# What runs outside the enclave: the CLI, the host part, tools and tests.
add_library(cloister_host_options INTERFACE)
target_link_libraries(cloister_host_options INTERFACE cloister_options)
if(CLOISTER_SANITIZE OR CLOISTER_FUZZ)
  target_compile_options(cloister_host_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
    $<$<BOOL:${CLOISTER_FUZZ}>:-g;-O1;-fsanitize=fuzzer-no-link>)
  target_link_options(cloister_host_options INTERFACE -fsanitize=address,undefined)
endif()
