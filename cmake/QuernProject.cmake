# Settings that hold for every target, and the helpers that declare them.
include(GNUInstallDirs)

option(QUERN_BUILD_TESTS "Build the tests" ON)
option(QUERN_WERROR "Treat compiler warnings as errors" OFF)
option(QUERN_BUILD_FUZZERS "Build the fuzz targets (needs clang)" OFF)
set(QUERN_SANITIZE "" CACHE STRING "Sanitizers to build with, for instance address,undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_AUTOMOC ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

# The build tree has the shape of the install tree, so that programs find each other in the same way in both.
set(QUERN_LIBEXEC_DIR libexec/quern)
set(QUERN_PLUGIN_DIR lib/quern/plugins)
set(QUERN_MODULE_DIR lib/quern)
set(QUERN_DATA_DIR share/quern)
set(QUERN_DOC_DIR share/doc/quern)
set(CMAKE_INSTALL_LIBDIR lib)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/archive")
# Relative run paths: the tree works from any prefix.
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

find_program(QUERN_CCACHE ccache)
if(QUERN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # What it wants for compiled headers, and what keeps a miss cheap: no preprocessor beside the compiler, and a compiled
    # header of 150 MB is read once, and not again for each source that uses it.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1 CCACHE_INODECACHE=1 "${QUERN_CCACHE}")
    set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
find_program(QUERN_MOLD mold)
if(QUERN_MOLD)
    add_link_options(-fuse-ld=mold)
endif()

add_library(quern_options INTERFACE)
add_library(Quern::options ALIAS quern_options)
target_compile_options(quern_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-unknown-warning-option>
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${QUERN_WERROR}>>:-Werror>)
target_compile_definitions(quern_options INTERFACE
    QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_URL_CAST_FROM_STRING QT_NO_FOREACH QT_NO_KEYWORDS
    QT_STRICT_ITERATORS QT_DISABLE_DEPRECATED_BEFORE=0x060400)
if(QUERN_SANITIZE)
    add_compile_options(-fsanitize=${QUERN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
    add_link_options(-fsanitize=${QUERN_SANITIZE})
endif()

# quern_add_library(<name> SOURCES <files...> [LIBRARIES <targets...>] [PRIVATE_LIBRARIES <targets...>])
#   One static library for one folder of core: target quern_<name>, alias Quern::<name>.
function(quern_add_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES;PRIVATE_LIBRARIES")
    add_library(quern_${name} STATIC ${arg_SOURCES})
    add_library(Quern::${name} ALIAS quern_${name})
    target_include_directories(quern_${name} PUBLIC "${PROJECT_SOURCE_DIR}/core")
    target_link_libraries(quern_${name}
        PUBLIC Qt6::Core ${arg_LIBRARIES}
        PRIVATE Quern::options ${arg_PRIVATE_LIBRARIES})
    quern_precompile(quern_${name})
endfunction()

# quern_add_templates(<target>)
#   Compiles in what `quern plugin new` and `quern init` write.
function(quern_add_templates target)
    set(folder "${PROJECT_SOURCE_DIR}/resources/templates")
    file(GLOB_RECURSE files CONFIGURE_DEPENDS "${folder}/*.in")
    qt_add_resources(${target} templates PREFIX /templates BASE "${folder}" FILES ${files})
endfunction()
