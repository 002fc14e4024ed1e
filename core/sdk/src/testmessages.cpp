// What TestServer does for processes, and the messages to them.

#include "log_p.h"
#include "testharness_p.h"

namespace Quern {

TestProcess TestServer::startProcess(const QByteArray &handler, const QVariantMap &parameters, int number)
{
    const ProcessSpec *spec = m_application.processNamed(handler);
    if (!spec)
        return TestProcess({});
    m_running.push_back(std::make_shared<TestProcessPrivate>(m_processes, *spec, parameters, number, m_deadline));
    return TestProcess(m_running.back());
}

void TestServer::endProcesses()
{
    // A handle of the test's may keep one, which has ended then.
    for (const auto &process : m_running) {
        if (!process->leave(TestProcessPrivate::Leave::Quietly))
            qFatal("the function of process %s does not return, though it is to end", qPrintable(process->name()));
    }
    m_running.clear();
}

ProcessAddress TestServer::self() const
{
    const TestProcessPrivate *process = TestProcessPrivate::current();
    return process ? ProcessAddress::process(process->name(), process->number()) : ProcessAddress::worker(0);
}

Outcome TestServer::sendMessage(const ProcessAddress &to, const Payload &payload)
{
    const bool isProcess = to.kind == ProcessAddress::Kind::Process;
    if (to.kind == ProcessAddress::Kind::None || (isProcess && !m_application.processNamed(to.name.toUtf8())))
        return Error(Error::NotFound, QStringLiteral("there is no such process: %1").arg(to.toString()));
    if (m_application.messageHandlers.empty())
        return Error(Error::NotFound, QStringLiteral("the plugin takes no messages"));
    if (const Result<void> fits = checkPostSize(payload.bytes().size()); !fits)
        return fits;
    {
        const std::lock_guard lock(m_mutex);
        m_messages.append({to, payload});
        m_events.push_back([this, message = ProcessMessage{self(), payload}] {
            callMessageHandlers(m_application.messageHandlers, message,
                                [](const QString &problem) { qCCritical(logSdk).noquote() << problem; });
        });
    }
    QMetaObject::invokeMethod(
        &m_home, [this] { callHandlers(); }, Qt::QueuedConnection);
    return {};
}

QList<TestProcessMessage> TestServer::sentMessages() const
{
    const std::lock_guard lock(m_mutex);
    return m_messages;
}

TestProcess TestHarness::startProcess(const QByteArray &handler, const QVariantMap &parameters, int number)
{
    return d->server().startProcess(handler, parameters, number);
}

QList<TestProcessMessage> TestHarness::sentMessages() const
{
    return d->server().sentMessages();
}

} // namespace Quern
