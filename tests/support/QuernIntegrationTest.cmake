# Deadlines of the tests are multiplied by this: sanitizers make every process slower.
set(_quern_time_scale 1)
if(QUERN_SANITIZE)
    set(_quern_time_scale 4)
endif()
set(_quern_support_dir "${CMAKE_CURRENT_LIST_DIR}")

# quern_add_integration_test(<test_name> [TIMEOUT <seconds>] [LABELS <labels...>] [PREFIX <word>] [DISPLAY])
#   One file of Python's unittest, <test_name>.py, run against the server of this build. Each test makes a server of
#   its own on ports of its own, so any number of them may run at the same time. DISPLAY: it has a display of its own.
#   PREFIX: what stands before its name, and its first label, in place of "integration".
#   Where a means is lacking for any of its cases, ctest lists it as skipped, unless another case has failed.
function(quern_add_integration_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "DISPLAY" "TIMEOUT;PREFIX" "LABELS")
    if(NOT arg_PREFIX)
        set(arg_PREFIX integration)
    endif()
    set(display)
    if(arg_DISPLAY)
        set(display "${_quern_support_dir}/withdisplay.py" "${Python3_EXECUTABLE}" -B)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    math(EXPR timeout "${arg_TIMEOUT} * ${_quern_time_scale}")
    set(test ${arg_PREFIX}.${name})
    add_test(NAME ${test}
        COMMAND Python3::Interpreter -B ${display} -m runtests ${name}
        WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    list(PREPEND arg_LABELS ${arg_PREFIX})
    set_tests_properties(${test} PROPERTIES
        ENVIRONMENT "QUERN_BIN=${CMAKE_BINARY_DIR}/bin/quern;QUERN_FIXTURES=${QUERN_FIXTURE_DIR};PYTHONPATH=${_quern_support_dir};QUERN_TIME_SCALE=${_quern_time_scale}"
        SKIP_RETURN_CODE 77
        TIMEOUT ${timeout}
        LABELS "${arg_LABELS}")
endfunction()

# quern_add_support_test(<selftest_name>)
#   Proof that the helpers of the other tests notice what they are there to notice.
function(quern_add_support_test name)
    add_test(NAME support.${name}
        COMMAND Python3::Interpreter -B -m unittest -v ${name}
        WORKING_DIRECTORY "${_quern_support_dir}")
    set_tests_properties(support.${name} PROPERTIES TIMEOUT 60 LABELS "support")
endfunction()
