# SPDX-License-Identifier: Apache-2.0
# -DCLOISTER_OMIT=RULE[;RULE]: leaves defences of the boundary out, so that a test can be seen to fail (src/boundary/rules.h).
# The rules that have a switch; docs/boundary-rules.md says where each is and which test sees it.
set(CLOISTER_RULES_WITH_SWITCH
  E-1 E-2 E-3 E-4 E-5 E-6 E-7 E-8 E-9 E-11 E-12 E-13)
foreach(rule IN LISTS CLOISTER_OMIT)
  if(NOT rule IN_LIST CLOISTER_RULES_WITH_SWITCH)
    message(FATAL_ERROR "CLOISTER_OMIT: no switch for ${rule}; there are: ${CLOISTER_RULES_WITH_SWITCH}")
  endif()
  string(REPLACE "-" "_" name ${rule})
  add_compile_definitions(CLOISTER_OMIT_${name}=1)
endforeach()
if(CLOISTER_OMIT)
  string(REPLACE ";" " " CLOISTER_OMITTED "${CLOISTER_OMIT}")
  message(WARNING "This build leaves out defences: ${CLOISTER_OMITTED}. It is for tests only.")
endif()
