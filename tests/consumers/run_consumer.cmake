# Configures SOURCE in a fresh BINARY with GENERATOR, COMPILER and OPTIONS (separated by |), builds it, and runs its
# program `consumer` in an empty folder. With README, the program's source is the first C++ block of that file.
file(REMOVE_RECURSE "${BINARY}")
file(MAKE_DIRECTORY "${BINARY}/run")

if(DEFINED README)
  if(NOT EXISTS "${README}")
    message("skipped: there is no README.md")
    return()
  endif()
  file(READ "${README}" text)
  string(FIND "${text}" "```cpp\n" start)
  if(start EQUAL -1)
    message(FATAL_ERROR "${README} has no block that starts with ```cpp")
  endif()
  math(EXPR start "${start} + 7")
  string(SUBSTRING "${text}" ${start} -1 text)
  string(FIND "${text}" "```" end)
  string(SUBSTRING "${text}" 0 ${end} text)
  file(WRITE "${BINARY}/program.cpp" "${text}")
  list(APPEND OPTIONS "-DPROGRAM=${BINARY}/program.cpp")
endif()

string(REPLACE "|" ";" OPTIONS "${OPTIONS}")

# -O1, since what is proven is that it builds and runs, and -O3 takes three times as long to compile.
execute_process(
  COMMAND "${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${SOURCE}" -B "${BINARY}/build" "-DCMAKE_CXX_COMPILER=${COMPILER}"
          -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1 ${OPTIONS} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${BINARY}/build" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${BINARY}/build/consumer" WORKING_DIRECTORY "${BINARY}/run" COMMAND_ERROR_IS_FATAL ANY)
