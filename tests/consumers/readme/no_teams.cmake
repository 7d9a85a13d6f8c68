# Fails if an object of OBJECTS starts a team of OpenMP threads, by the runtime of g++ or of clang++.
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND "${NM}" -u "${object}" OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  if(symbols MATCHES "GOMP_parallel|__kmpc_fork_call")
    message(FATAL_ERROR "${object} starts a team of OpenMP threads: a matrix product of the library is Eigen's own; "
                        "use vade/kernel/product.hpp")
  endif()
endforeach()
