# Compiles CASE with and without MISUSE; see CMakeLists.txt beside this file.
# Takes COMPILER, INCLUDES, SYSTEM_INCLUDES, CASE.

file(STRINGS "${CASE}" first LIMIT_COUNT 1)
if(NOT first MATCHES "^// wanted: (.+)$")
  message(FATAL_ERROR "${CASE}:1: got \"${first}\", wanted \"// wanted: <regular expression>\"")
endif()
set(wanted "${CMAKE_MATCH_1}")

set(compile "${COMPILER}" -std=c++20 -fsyntax-only -DEIGEN_DONT_PARALLELIZE)
foreach(directory IN LISTS INCLUDES)
  list(APPEND compile "-I${directory}")
endforeach()
foreach(directory IN LISTS SYSTEM_INCLUDES)
  list(APPEND compile -isystem "${directory}")
endforeach()

execute_process(COMMAND ${compile} "${CASE}" RESULT_VARIABLE result ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${CASE}: does not compile even without the misuse:\n${output}")
endif()

execute_process(COMMAND ${compile} -DMISUSE "${CASE}" RESULT_VARIABLE result ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "${CASE}: the misuse compiles")
elseif(NOT output MATCHES "${wanted}")
  message(FATAL_ERROR "${CASE}: fails, but no message matches \"${wanted}\":\n${output}")
endif()
