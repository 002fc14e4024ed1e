#include "testharness_p.h"

#include "exceptiontext_p.h"
#include "testrole_p.h"

#include <QScopeGuard>

#include <algorithm>

namespace Quern {

Result<void> TestHarnessPrivate::runCron(const QByteArray &name, const QVariantMap &parameters)
{
    if (!installed)
        return installed;
    const auto spec = std::find_if(m_application->cronJobs.begin(), m_application->cronJobs.end(),
                                   [&name](const CronSpec &each) { return each.name == name; });
    if (spec == m_application->cronJobs.end())
        return Error(Error::NotFound,
                     QStringLiteral("no cron job \"%1\" is registered: call app.cron(\"%1\", …) in install()")
                         .arg(QString::fromUtf8(name)));
    CronState &state = m_cronJobs[name];
    if (state.isStopped)
        return Error(Error::Unavailable, QStringLiteral("cron job %1 has called CronRun::stop(): it does not run again "
                                                        "until the server is started anew or reloaded; make another "
                                                        "TestHarness")
                                             .arg(QString::fromUtf8(name)));
    const QDeadlineTimer end(deadline, Qt::PreciseTimer);
    CronRunPrivate data;
    data.name = QString::fromUtf8(name);
    data.parameters = parameters;
    data.scheduledAt = QDateTime::currentDateTimeUtc();
    data.number = ++state.runs;
    data.isStopRequested = [end] { return end.hasExpired(); };
    CronRun run(&data);
    const TestRole role(ProcessAddress::timer());
    const auto stops = qScopeGuard([&] { state.isStopped = data.stops; });
    try {
        if (const Result<void> result = spec->handler(run); !result)
            return result;
    } catch (...) {
        return Error(Error::Internal, QStringLiteral("cron job %1: %2").arg(data.name, textOfCurrentException()));
    }
    if (end.hasExpired())
        return Error(Error::Timeout, QStringLiteral("cron job %1 did not return within %2 ms: let it look at "
                                                    "CronRun::isStopRequested(), or allow more by setDeadline()")
                                         .arg(data.name)
                                         .arg(deadline.count()));
    return {};
}

Result<void> TestHarness::runCron(const QByteArray &name, const QVariantMap &parameters)
{
    return d->runCron(name, parameters);
}

} // namespace Quern
