# Finds the C sources of llhttp as Debian's node-llhttp installs them: there is no compiled library to link with.
#
#   LLHTTP_FOUND, LLHTTP_VERSION
#   LLHTTP_INCLUDE_DIR   the folder of llhttp.h
#   LLHTTP_SOURCES       api.c, http.c and llhttp.c, to be compiled with LLHTTP_STRICT_MODE=1

find_path(LLHTTP_INCLUDE_DIR llhttp.h PATH_SUFFIXES llhttp PATHS /usr/share/include)
find_path(LLHTTP_SOURCE_DIR llhttp.c PATH_SUFFIXES llhttp share/llhttp PATHS /usr/share)
mark_as_advanced(LLHTTP_INCLUDE_DIR LLHTTP_SOURCE_DIR)

if(LLHTTP_INCLUDE_DIR)
    file(STRINGS "${LLHTTP_INCLUDE_DIR}/llhttp.h" _llhttp_numbers
        REGEX "^#define LLHTTP_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
    list(TRANSFORM _llhttp_numbers REPLACE ".* " "")
    list(JOIN _llhttp_numbers "." LLHTTP_VERSION)
    unset(_llhttp_numbers)
endif()

set(LLHTTP_SOURCES)
foreach(_llhttp_file IN ITEMS api.c http.c llhttp.c)
    list(APPEND LLHTTP_SOURCES "${LLHTTP_SOURCE_DIR}/${_llhttp_file}")
endforeach()
unset(_llhttp_file)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LLHTTP
    REQUIRED_VARS LLHTTP_SOURCE_DIR LLHTTP_INCLUDE_DIR
    VERSION_VAR LLHTTP_VERSION
    REASON_FAILURE_MESSAGE "the C sources of llhttp are missing: install node-llhttp")
