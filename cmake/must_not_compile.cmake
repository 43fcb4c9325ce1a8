# SPDX-License-Identifier: Apache-2.0
# cloister_must_not_compile(FILE.cc): code that the types must refuse. The file has numbered cases, each between
#   // CASE 1: a regular expression that the compiler's message must match
#   #if CASE == 1
#   …
#   #endif
# and becomes one test for each, and one that the file compiles without any of them, so that no case fails for a typo.
function(cloister_must_not_compile file)
  get_filename_component(stem ${file} NAME_WE)
  set(check ${CMAKE_COMMAND} -DCOMPILER=${CMAKE_CXX_COMPILER} -DROOT=${PROJECT_SOURCE_DIR}
      -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/${file})
  set(script ${PROJECT_SOURCE_DIR}/cmake/check_must_not_compile.cmake)
  add_test(NAME nocompile.${stem}.without_cases COMMAND ${check} -DCASE=0 -P ${script})
  file(STRINGS ${file} cases REGEX "^// CASE [0-9]+: ")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  foreach(line IN LISTS cases)
    string(REGEX MATCH "^// CASE ([0-9]+): (.*)$" whole "${line}")
    add_test(NAME nocompile.${stem}.${CMAKE_MATCH_1}
             COMMAND ${check} -DCASE=${CMAKE_MATCH_1} "-DEXPECTED=${CMAKE_MATCH_2}" -P ${script})
  endforeach()
endfunction()
