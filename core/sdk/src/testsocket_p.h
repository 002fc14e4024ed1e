#pragma once

#include <Quern/testharness.h>

#include <memory>
#include <mutex>

namespace Quern {

class TestServer;

/// The data behind TestSocket, which the server may reach from any thread.
class TestSocketPrivate
{
public:
    std::weak_ptr<TestServer> server; ///< gone with the harness
    ConnectionId id;
    TestResponse response;
    bool isGivenUp = false; ///< its first handler threw: no other is called. Main thread

    mutable std::mutex mutex; ///< guards what follows
    bool isOpen = false;
    QList<TestMessage> received;
    CloseReason closeReason;
    QString problem;

    void note(const QString &text)
    {
        const std::lock_guard lock(mutex);
        if (problem.isNull())
            problem = text;
    }
};

} // namespace Quern
