#include "app/server/doctor/serverchecks.h"

#include "app/server/doctor/text.h"

#include <algorithm>

namespace Quern::app::doctor {

namespace {

/// A worker that was restarted so often has more than bad luck.
constexpr int manyRestarts = 3;

bool isReady(const admin::WorkerStatus &child)
{
    return child.state == admin::WorkerStatus::State::Ready;
}

/// What to do about a server that is Degraded.
QString mendOf(const admin::Status &status)
{
    if (!std::all_of(status.workers.begin(), status.workers.end(), isReady) ||
        !std::all_of(status.processes.begin(), status.processes.end(), isReady))
        return Text::tr("\"quern logs\" tells why they end; mend that, then \"quern reload\"");
    if (!status.tasks.failure.isEmpty())
        return Text::tr("mend that; the server tries again by itself");
    return Text::tr("write task_worker_num = 1, or more, then \"quern reload\"");
}

Check health(const admin::Status &status)
{
    const QString name = QStringLiteral("server");
    const QString found = Text::tr("pid %1: %2").arg(status.pid).arg(status.sentence);
    if (status.state != admin::Status::State::Degraded)
        return well(name, found);
    const bool serves = std::any_of(status.workers.begin(), status.workers.end(), isReady);
    return serves ? warning(name, found, mendOf(status)) : error(name, found, mendOf(status));
}

} // namespace

Checks serverChecks(const ServerReport &report, const QString &version)
{
    const QString name = QStringLiteral("server");
    if (!report.pid)
        return {error(name, report.pid.error().message(), Text::tr("run the doctor as the server's user"))};
    if (*report.pid == 0)
        return {well(name, Text::tr("does not run"))};
    if (!report.status) {
        return {error(name,
                      Text::tr("pid %1 does not answer: %2").arg(*report.pid).arg(report.status.error().message()),
                      Text::tr("try again in a moment; if it stays so, kill %1 and quern start").arg(*report.pid))};
    }
    Checks checks = {health(*report.status)};
    if (report.status->version != version) {
        checks.append(warning(name, Text::tr("version %1 runs, and this is %2").arg(report.status->version, version),
                              QStringLiteral("quern restart")));
    }
    const QList<admin::WorkerStatus> children = report.status->workers + report.status->processes;
    for (const admin::WorkerStatus &child : children) {
        if (child.restarts >= manyRestarts) {
            checks.append(warning(child.name,
                                  Text::tr("was restarted %1 times; last: %2").arg(child.restarts).arg(child.lastExit),
                                  Text::tr("\"quern logs\" tells what it did before")));
        }
    }
    return checks;
}

} // namespace Quern::app::doctor
