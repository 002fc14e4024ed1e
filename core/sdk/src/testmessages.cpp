// What TestServer does for processes, and the messages to them.

#include "log_p.h"
#include "testharness_p.h"
#include "testrole_p.h"

namespace Quern {

TestProcess TestServer::startProcess(const QByteArray &handler, const QVariantMap &parameters, int number)
{
    const ProcessSpec *spec = m_application.processNamed(handler);
    if (!spec)
        return TestProcess({});
    const auto started = std::make_shared<TestProcessPrivate>(m_processes, *spec, parameters, number, m_deadline);
    const std::lock_guard lock(m_mutex);
    m_running.push_back(started);
    return TestProcess(started);
}

void TestServer::endProcesses()
{
    // A handle of the test's may keep one, which has ended then.
    for (const auto &process : m_running) {
        if (!process->leave(TestProcessPrivate::Leave::Quietly))
            qFatal("the function of process %s does not return, though it is to end", qPrintable(process->name()));
    }
    std::vector<std::shared_ptr<TestProcessPrivate>> ended;
    const std::lock_guard lock(m_mutex);
    m_running.swap(ended);
}

Result<QList<ProcessAddress>> TestServer::receiversOf(const ProcessAddress &to) const
{
    using Kind = ProcessAddress::Kind;
    QList<ProcessAddress> all;
    if (to.kind == Kind::Worker || to.kind == Kind::TaskWorker ||
        (to.kind == Kind::Timer && !m_application.cronJobs.empty()))
        all.append({to.kind, 0});
    const bool isProcess = to.kind == Kind::Process && m_application.processNamed(to.name.toUtf8());
    const bool isOne = to.number >= 0;
    if (isProcess && isOne)
        all.append(to);
    if ((all.isEmpty() && !isProcess) || (isOne && !all.contains(to)) || to.number < -1)
        return Error(Error::NotFound, QStringLiteral("there is no such process: %1; there are %2 of the kind in a test")
                                          .arg(to.toString())
                                          .arg(all.size()));
    if (isOne)
        return all;
    const std::lock_guard lock(m_mutex);
    for (const auto &running : m_running) {
        if (isProcess && running->name() == to.name)
            all.append(running->address());
    }
    if (isProcess && all.isEmpty())
        all.append(ProcessAddress::process(to.name, 0));
    all.removeAll(self());
    return all;
}

Posted<void> TestServer::sendMessage(const ProcessAddress &to, const Payload &payload)
{
    const auto refused = [&to](const Error &error) {
        return Posted<void>(error, QStringLiteral("a message to ") + to.toString());
    };
    if (const Result<void> serving = TestRole::checkServing(); !serving)
        return refused(serving.error());
    const Result<QList<ProcessAddress>> receivers = receiversOf(to);
    if (!receivers)
        return refused(receivers.error());
    if (m_application.messageHandlers.empty())
        return refused(Error(Error::NotFound, QStringLiteral("the plugin takes no messages: give it a function with "
                                                             "Application::onMessage()")));
    if (const Result<void> possible = checkPost(payload); !possible)
        return refused(possible.error());
    {
        const std::lock_guard lock(m_mutex);
        m_messages.append({to, payload});
        for (const ProcessAddress &receiver : *receivers) {
            m_events.push_back([this, receiver, message = ProcessMessage{self(), payload}] {
                const TestRole role(receiver);
                callMessageHandlers(m_application.messageHandlers, message,
                                    [](const QString &problem) { qCCritical(logSdk).noquote() << problem; });
            });
        }
    }
    QMetaObject::invokeMethod(
        &m_home, [this] { callHandlers(); }, Qt::QueuedConnection);
    return Posted<void>(Result<void>());
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
