# Installs the SDK into an empty folder, moves it, and there builds, installs and loads plugins from copies of their
# sources. Variables: see CMakeLists.txt.
file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")

function(run)
    execute_process(COMMAND ${ARGV} WORKING_DIRECTORY "${WORK_DIR}" COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} --install "${BUILD_DIR}" --prefix "${WORK_DIR}/first" --component sdk)
set(prefix "${WORK_DIR}/moved")
file(RENAME "${WORK_DIR}/first" "${prefix}")

file(GLOB_RECURSE private_headers "${prefix}/include/*_p.h")
if(private_headers)
    message(FATAL_ERROR "private headers were installed: ${private_headers}")
endif()
file(GLOB_RECURSE package_files "${prefix}/lib/cmake/*.cmake")
foreach(file IN LISTS package_files)
    file(READ "${file}" text)
    foreach(path "${WORK_DIR}" "${BUILD_DIR}")
        string(FIND "${text}" "${path}" place)
        if(NOT place EQUAL -1)
            message(FATAL_ERROR "${file} names ${path}: the package cannot be moved")
        endif()
    endforeach()
endforeach()

# A launcher of several words is one argument nevertheless.
string(REPLACE ";" "\\;" launcher "${LAUNCHER}")
foreach(source IN LISTS PLUGIN_SOURCES)
    get_filename_component(name "${source}" NAME)
    file(COPY "${source}" DESTINATION "${WORK_DIR}")
    run(${CMAKE_COMMAND} -S "${name}" -B "build-${name}" -G "${GENERATOR}"
        "-DCMAKE_PREFIX_PATH=${prefix}"
        "-DCMAKE_INSTALL_PREFIX=${prefix}"
        "-DCMAKE_CXX_COMPILER=${COMPILER}"
        "-DCMAKE_CXX_COMPILER_LAUNCHER=${launcher}"
        -DCMAKE_BUILD_TYPE=Debug)
    run(${CMAKE_COMMAND} --build "build-${name}" --parallel 2)
    run(${CMAKE_COMMAND} --install "build-${name}")
endforeach()

file(GLOB plugins "${prefix}/lib/quern/plugins/*.so")
list(LENGTH plugins count)
list(LENGTH PLUGIN_SOURCES wanted)
if(NOT count EQUAL wanted)
    message(FATAL_ERROR "${count} plugins were installed, not ${wanted}: ${plugins}")
endif()
run("${CHECKER}" ${plugins})
