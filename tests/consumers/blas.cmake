# VADE_WITH_BLAS in a project that takes SOURCE in, and in one that finds an installed copy; and what it says where there
# is no BLAS.
file(REMOVE_RECURSE "${BINARY}")
set(here "${CMAKE_CURRENT_LIST_DIR}")
set(configure "${CMAKE_COMMAND}" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}" -DCMAKE_BUILD_TYPE=Release)

set(library ${configure} -S "${SOURCE}" -DVADE_BUILD_TESTS=OFF -DVADE_WITH_BLAS=ON)
execute_process(COMMAND ${library} -B "${BINARY}/library" "-DCMAKE_INSTALL_PREFIX=${BINARY}/prefix"
                        COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BINARY}/library" COMMAND_ERROR_IS_FATAL ANY)

# The pool runs the tiles, so BLAS has one thread.
set(ENV{OPENBLAS_NUM_THREADS} 1)
foreach(way IN ITEMS "-DVADE_SOURCE=${SOURCE}" "-DCMAKE_PREFIX_PATH=${BINARY}/prefix")
  string(MAKE_C_IDENTIFIER "${way}" name)
  set(build "${BINARY}/${name}")
  execute_process(COMMAND ${configure} -S "${here}/blas" -B "${build}" "${way}" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${CMAKE_COMMAND}" --build "${build}" COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${build}/consumer" COMMAND_ERROR_IS_FATAL ANY)
endforeach()

execute_process(COMMAND ${library} -B "${BINARY}/absent" -DCMAKE_DISABLE_FIND_PACKAGE_BLAS=ON
                RESULT_VARIABLE result ERROR_VARIABLE message OUTPUT_QUIET)
string(REGEX REPLACE "[ \n]+" " " message "${message}")
if(result EQUAL 0 OR NOT message MATCHES "VADE_WITH_BLAS: found .*cblas.h, but no BLAS library; install a BLAS with its C")
  message(FATAL_ERROR "without a BLAS, got (${result}): ${message}")
endif()
