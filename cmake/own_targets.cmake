# What the project's own programs are built with. Neither target is exported, and a project that takes this one in
# without tests, examples or benchmarks never sees them.

# Warnings are errors: an implicit conversion in numerical code is a wrong digit somewhere. Not in a Release build, which
# is for users: a compiler newer than ours must not refuse their program for a warning that we have not seen.
add_library(vade_warnings INTERFACE)
target_compile_options(
  vade_warnings
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wconversion
            -Wsign-conversion
            -Wshadow
            -Wdouble-promotion
            $<$<NOT:$<CONFIG:Release>>:-Werror>)

# Instructions of this very processor, for programs that are measured. Tests go without, so that they see the same
# arithmetic on every machine.
add_library(vade_native INTERFACE)
if(VADE_NATIVE)
  target_compile_options(vade_native INTERFACE -march=native)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 takes the deliberately undefined registers of its own AVX-512 header for a mistake of the caller.
    target_compile_options(vade_native INTERFACE -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
endif()

# Standard C++, without the compiler's own extensions.
set(CMAKE_CXX_EXTENSIONS OFF)

# What the programs write and the tests compare; the library itself needs no JSON library.
if(NOT TARGET nlohmann_json::nlohmann_json)
  find_package(nlohmann_json 3.10 QUIET)
  if(NOT TARGET nlohmann_json::nlohmann_json)
    message(FATAL_ERROR "vade: tests, examples and benchmarks need nlohmann-json 3.10; install it (cmake/packages.txt names "
                        "the packages), or configure with -DVADE_BUILD_TESTS=OFF")
  endif()
endif()
