#include "app/server/signalwatcher.h"

#include <csignal>
#include <sys/signalfd.h>

namespace Quern::app {

namespace {

sigset_t setOf(std::initializer_list<int> numbers)
{
    sigset_t set;
    sigemptyset(&set);
    for (const int number : numbers)
        sigaddset(&set, number);
    return set;
}

} // namespace

void SignalWatcher::block(std::initializer_list<int> numbers)
{
    const sigset_t set = setOf(numbers);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

SignalWatcher::SignalWatcher(std::initializer_list<int> numbers, QObject *parent) : QObject(parent)
{
    const sigset_t set = setOf(numbers);
    m_fd = base::FileDescriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    m_notifier = std::make_unique<QSocketNotifier>(m_fd.get(), QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &SignalWatcher::readSignals);
}

void SignalWatcher::readSignals()
{
    signalfd_siginfo info = {};
    while (::read(m_fd.get(), &info, sizeof info) == ssize_t(sizeof info))
        Q_EMIT caught(int(info.ssi_signo));
}

} // namespace Quern::app
