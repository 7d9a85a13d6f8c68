# Installs BUILD (made from SOURCE) into a fresh PREFIX, and looks at what came.
file(REMOVE_RECURSE "${PREFIX}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${PREFIX}" COMMAND_ERROR_IS_FATAL ANY)

file(GLOB_RECURSE wanted RELATIVE "${SOURCE}/include" "${SOURCE}/include/vade/*.hpp")
file(GLOB_RECURSE got RELATIVE "${PREFIX}/include" "${PREFIX}/include/*")
list(SORT wanted)
list(SORT got)
if(NOT got STREQUAL wanted)
  message(FATAL_ERROR "installed headers differ: got\n${got}\nwanted\n${wanted}")
endif()

# Meson reads the include path, and not the file set.
file(READ "${PREFIX}/share/cmake/vade/vade-targets.cmake" targets)
if(NOT targets MATCHES "INTERFACE_INCLUDE_DIRECTORIES \"\\\${_IMPORT_PREFIX}/include\"")
  message(FATAL_ERROR "vade-targets.cmake has no INTERFACE_INCLUDE_DIRECTORIES of the prefix:\n${targets}")
endif()

# The package works from wherever it is moved to, so it names neither the source nor the build folder; and what is for
# our own programs stays at home.
file(GLOB_RECURSE scripts "${PREFIX}/share/cmake/vade/*.cmake")
list(LENGTH scripts count)
if(count LESS 3)
  message(FATAL_ERROR "wanted config, version and targets file in ${PREFIX}/share/cmake/vade, got: ${scripts}")
endif()
foreach(script IN LISTS scripts)
  file(READ "${script}" text)
  foreach(stranger IN ITEMS "${SOURCE}/" "${BUILD}/" vade_warnings vade_native -Werror)
    string(FIND "${text}" "${stranger}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${script} mentions ${stranger}")
    endif()
  endforeach()
endforeach()
