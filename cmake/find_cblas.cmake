# The C interface of the user's BLAS, for this project and for whoever uses an installed copy that was configured with
# VADE_WITH_BLAS: makes the target vade::cblas, or says in vade_CBLAS_PROBLEM why not. BLA_VENDOR chooses among several.
include(CheckCXXSourceCompiles)
include(CMakePushCheckState)

set(vade_CBLAS_PROBLEM "")
find_path(VADE_CBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas cblas)
mark_as_advanced(VADE_CBLAS_INCLUDE_DIR)
find_package(BLAS QUIET)

if(NOT VADE_CBLAS_INCLUDE_DIR)
  set(vade_CBLAS_PROBLEM "found no header cblas.h")
  return()
elseif(NOT BLAS_FOUND)
  set(vade_CBLAS_PROBLEM "found ${VADE_CBLAS_INCLUDE_DIR}/cblas.h, but no BLAS library")
  return()
endif()

# Most libraries hold the C functions beside the Fortran ones; some have a second file for them.
cmake_push_check_state(RESET)
set(CMAKE_REQUIRED_QUIET ON)
set(CMAKE_REQUIRED_INCLUDES "${VADE_CBLAS_INCLUDE_DIR}")
set(CMAKE_REQUIRED_LIBRARIES BLAS::BLAS)
check_cxx_source_compiles(
  "#include <cblas.h>\nint main() { return static_cast<int>(cblas_sdot(0, nullptr, 1, nullptr, 1)); }"
  VADE_CBLAS_IN_BLAS)
cmake_pop_check_state()
set(vade_cblas_libraries BLAS::BLAS)
if(NOT VADE_CBLAS_IN_BLAS)
  unset(VADE_CBLAS_IN_BLAS CACHE) # so that the next configure step looks again
  find_library(VADE_CBLAS_LIBRARY cblas)
  mark_as_advanced(VADE_CBLAS_LIBRARY)
  if(NOT VADE_CBLAS_LIBRARY)
    set(vade_CBLAS_PROBLEM "found ${BLAS_LIBRARIES}, which lacks the C interface, and no library cblas beside it")
    return()
  endif()
  list(PREPEND vade_cblas_libraries "${VADE_CBLAS_LIBRARY}")
endif()

if(NOT TARGET vade::cblas)
  add_library(vade::cblas INTERFACE IMPORTED)
  set_target_properties(vade::cblas PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${VADE_CBLAS_INCLUDE_DIR}"
                                               INTERFACE_LINK_LIBRARIES "${vade_cblas_libraries}")
endif()
