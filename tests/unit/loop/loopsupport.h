#pragma once

#include "epolltestmain.h"

#include "base/filedescriptor.h"

#include <QSocketNotifier>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>

namespace LoopTest {

/// Two connected stream sockets.
struct SocketPair
{
    Quern::base::FileDescriptor near;
    Quern::base::FileDescriptor far;

    SocketPair()
    {
        std::array<int, 2> ends = {-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
            qFatal("socketpair");
        near = Quern::base::FileDescriptor(ends[0]);
        far = Quern::base::FileDescriptor(ends[1]);
    }
};

inline void put(int descriptor)
{
    const char byte = 'x';
    if (::write(descriptor, &byte, 1) != 1)
        qFatal("write");
}

/// Takes one byte, if there is one.
inline void take(int descriptor)
{
    char byte;
    [[maybe_unused]] const ssize_t size = ::read(descriptor, &byte, 1);
}

/// A notifier that counts its activations and then does what it was told.
class CountingNotifier : public QSocketNotifier
{
public:
    CountingNotifier(int descriptor, Type type, std::function<void()> action = {}) : QSocketNotifier(descriptor, type)
    {
        connect(this, &QSocketNotifier::activated, this, [this, action = std::move(action)] {
            ++count;
            if (action)
                action();
        });
    }

    int count = 0;
};

/// One turn that does not wait.
inline bool turn(QEventLoop::ProcessEventsFlags flags = QEventLoop::AllEvents)
{
    return QAbstractEventDispatcher::instance()->processEvents(flags);
}

} // namespace LoopTest
