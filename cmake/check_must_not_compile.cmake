# SPDX-License-Identifier: Apache-2.0
# One test of cloister_must_not_compile: COMPILER, ROOT, SOURCE, CASE, and unless CASE is 0 EXPECTED.
execute_process(COMMAND ${COMPILER} -std=gnu++20 -I${ROOT} -DCASE=${CASE} -fsyntax-only ${SOURCE}
                RESULT_VARIABLE status OUTPUT_VARIABLE messages ERROR_VARIABLE messages)
if(CASE EQUAL 0)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "does not compile without its cases:\n${messages}")
  endif()
elseif(status EQUAL 0)
  message(FATAL_ERROR "case ${CASE} compiles, and must not")
elseif(NOT messages MATCHES "${EXPECTED}")
  message(FATAL_ERROR "case ${CASE} fails for another reason than \"${EXPECTED}\":\n${messages}")
endif()
