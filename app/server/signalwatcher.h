#pragma once

#include "base/filedescriptor.h"

#include <QObject>
#include <QSocketNotifier>

#include <initializer_list>
#include <memory>

namespace Quern::app {

/// Turns Unix signals into Qt signals. Lives in the main thread.
class SignalWatcher final : public QObject
{
    Q_OBJECT
public:
    /// Blocks \a numbers in this thread and those it starts later, so that they reach a SignalWatcher alone. Call it
    /// before the first thread is started.
    static void block(std::initializer_list<int> numbers);

    /// Watches \a numbers, which are blocked.
    explicit SignalWatcher(std::initializer_list<int> numbers, QObject *parent = nullptr);

Q_SIGNALS:
    void caught(int number);

private:
    void readSignals();

    base::FileDescriptor m_fd;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace Quern::app
