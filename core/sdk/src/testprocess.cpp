#include "exceptiontext_p.h"
#include "testprocesses_p.h"
#include "testrole_p.h"

#include <QCoreApplication>
#include <QDeadlineTimer>

namespace Quern {

TestProcessPrivate::TestProcessPrivate(std::shared_ptr<TestProcesses> processes, const ProcessSpec &spec,
                                       const QVariantMap &parameters, int number, std::chrono::milliseconds deadline)
    : m_processes(std::move(processes))
    , m_spec(spec)
    , m_name(spec.name)
    , m_parameters(parameters)
    , m_number(number)
    , m_deadline(deadline)
    , m_thread(QThread::create([this] { run(); }))
{
    m_thread->setObjectName(name());
    m_thread->start();
}

TestProcessPrivate::~TestProcessPrivate()
{
    if (!leave(Leave::Quietly))
        qFatal("the function of process \"%s\" does not return, though it is to end", m_name.constData());
    m_thread->wait();
}

void TestProcessPrivate::run()
{
    const TestRole role(address());
    try {
        Process process(*this);
        m_spec.run(process);
    } catch (...) {
        if (m_inHand)
            m_processes->giveBack(m_name, *m_inHand);
        note(QStringLiteral("process %1 threw: %2").arg(name(), textOfCurrentException()));
    }
}

bool TestProcessPrivate::leave(Leave how)
{
    bool isTold = false;
    {
        const std::lock_guard lock(m_mutex);
        isTold = std::exchange(m_stopRequested, true);
    }
    m_stopChanged.notify_all();
    m_processes->wake();
    if (!isTold && how != Leave::Quietly)
        call(how == Leave::Stop ? m_spec.stop : m_spec.reload);
    return waitForEnd();
}

void TestProcessPrivate::call(const std::function<void()> &handler)
{
    const TestRole role(address());
    try {
        if (handler)
            handler();
    } catch (...) {
        note(QStringLiteral("onStop() or onReload() of process %1 threw: %2").arg(name(), textOfCurrentException()));
    }
}

bool TestProcessPrivate::waitForEnd()
{
    // What it asks of the main thread is done meanwhile.
    const QDeadlineTimer deadline(m_deadline);
    while (!m_thread->isFinished() && !deadline.hasExpired()) {
        m_thread->wait(QDeadlineTimer(1));
        QCoreApplication::processEvents();
    }
    return m_thread->isFinished();
}

QString TestProcessPrivate::problem() const
{
    const std::lock_guard lock(m_mutex);
    return m_problem;
}

void TestProcessPrivate::note(const QString &problem)
{
    const std::lock_guard lock(m_mutex);
    if (m_problem.isEmpty())
        m_problem = problem;
}

bool TestProcessPrivate::isStopRequested() const
{
    const std::lock_guard lock(m_mutex);
    return m_stopRequested;
}

bool TestProcessPrivate::waitForStop(std::chrono::milliseconds time) const
{
    std::unique_lock lock(m_mutex);
    m_stopChanged.wait_for(lock, time, [this] { return m_stopRequested; });
    return m_stopRequested;
}

Result<QByteArray> TestProcessPrivate::read(std::chrono::milliseconds timeout)
{
    return m_processes->read(m_name, m_number, timeout, [this] { return isStopRequested(); });
}

Outcome TestProcessPrivate::write(const QByteArray &bytes)
{
    if (const Result<void> fits = checkPostSize(bytes.size()); !fits)
        return fits;
    return m_processes->write(m_name, m_number, bytes);
}

Result<Payload> TestProcessPrivate::pop(std::chrono::milliseconds timeout)
{
    m_inHand.reset();
    const Result<Payload> item = m_processes->pop(m_name, m_number, timeout, [this] { return isStopRequested(); });
    if (item)
        m_inHand = *item;
    return item;
}

TestProcess::TestProcess(std::shared_ptr<TestProcessPrivate> own) : d(std::move(own)) {}
TestProcess::TestProcess(const TestProcess &other) = default;
TestProcess &TestProcess::operator=(const TestProcess &other) = default;
TestProcess::~TestProcess() = default;

bool TestProcess::isRunning() const
{
    return d && d->isRunning();
}

bool TestProcess::stop()
{
    return !d || d->leave(TestProcessPrivate::Leave::Stop);
}

bool TestProcess::reload()
{
    return !d || d->leave(TestProcessPrivate::Leave::Reload);
}

bool TestProcess::waitForEnd()
{
    return !d || d->waitForEnd();
}

QByteArray TestProcess::written() const
{
    return d ? d->written() : QByteArray();
}

QString TestProcess::problem() const
{
    return d ? d->problem() : QStringLiteral("no plugin registers that process");
}

} // namespace Quern
