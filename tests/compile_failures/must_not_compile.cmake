# Compiles CASE with and without MISUSE; see CMakeLists.txt beside this file.
# Takes COMPILER, INCLUDES, SYSTEM_INCLUDES, CASE.

file(STRINGS "${CASE}" lines LIMIT_COUNT 2)
list(POP_FRONT lines first flags)
if(NOT first MATCHES "^// wanted: (.+)$")
  message(FATAL_ERROR "${CASE}:1: got \"${first}\", wanted \"// wanted: <regular expression>\"")
endif()
set(wanted "${CMAKE_MATCH_1}")

# One round without flags, unless the file names some.
set(rounds " ")
if(flags MATCHES "^// flags: (.+)$")
  string(REPLACE "," ";" rounds "${CMAKE_MATCH_1}")
endif()

set(compile "${COMPILER}" -std=c++20 -fsyntax-only)
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

foreach(round IN LISTS rounds)
  separate_arguments(round)
  execute_process(COMMAND ${compile} ${round} -DMISUSE "${CASE}" RESULT_VARIABLE result ERROR_VARIABLE output)
  if(result EQUAL 0)
    message(FATAL_ERROR "${CASE}: the misuse compiles (flags: ${round})")
  elseif(NOT output MATCHES "${wanted}")
    message(FATAL_ERROR "${CASE}: fails (flags: ${round}), but no message matches \"${wanted}\":\n${output}")
  endif()
endforeach()
