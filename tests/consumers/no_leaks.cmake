# In a project that took vade in: the library came, and nothing else did.
get_property(targets DIRECTORY "${VADE_SOURCE}" PROPERTY BUILDSYSTEM_TARGETS)
if(NOT targets STREQUAL "vade")
  message(FATAL_ERROR "vade brought targets: got ${targets}, wanted vade alone")
endif()

get_property(tests DIRECTORY "${VADE_SOURCE}" PROPERTY TESTS)
get_property(options DIRECTORY PROPERTY COMPILE_OPTIONS)
get_target_property(interface_options vade INTERFACE_COMPILE_OPTIONS)
if(tests OR options OR interface_options OR CMAKE_CXX_STANDARD OR CMAKE_CXX_FLAGS)
  message(FATAL_ERROR "vade brought tests (${tests}), options (${options}; ${interface_options}), "
                      "a standard (${CMAKE_CXX_STANDARD}) or flags (${CMAKE_CXX_FLAGS})")
endif()

# Whatever it keeps in the cache has its name.
get_cmake_property(cached CACHE_VARIABLES)
foreach(variable IN LISTS cached)
  get_property(help CACHE ${variable} PROPERTY HELPSTRING)
  get_property(type CACHE ${variable} PROPERTY TYPE)
  if(type STREQUAL "BOOL" AND NOT variable MATCHES "^(VADE_|CMAKE_|FETCHCONTENT_)")
    message(FATAL_ERROR "vade brought the option ${variable}: ${help}")
  endif()
endforeach()
