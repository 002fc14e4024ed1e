#pragma once

#include "loop/epolleventdispatcher.h"

#include <QCoreApplication>
#include <QTest>

/// main() of a test program whose main thread runs on the epoll dispatcher.
#define QUERN_EPOLL_TEST_MAIN(Case)                                                                                    \
    int main(int argc, char **argv)                                                                                    \
    {                                                                                                                  \
        QCoreApplication::setEventDispatcher(new Quern::loop::EpollEventDispatcher);                                   \
        QCoreApplication application(argc, argv);                                                                      \
        Case testCase;                                                                                                 \
        QTEST_SET_MAIN_SOURCE_PATH                                                                                     \
        return QTest::qExec(&testCase, argc, argv);                                                                    \
    }
