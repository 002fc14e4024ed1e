#include "app/server/doctor/serverchecks.h"

#include "app/server/doctor/text.h"

#include <algorithm>

namespace Quern::app::doctor {

namespace {

/// A worker that was restarted so often has more than bad luck.
constexpr int manyRestarts = 3;

Check health(const admin::Status &status)
{
    const QString name = QStringLiteral("server");
    const QString found = Text::tr("pid %1: %2").arg(status.pid).arg(status.sentence);
    if (status.state != admin::Status::State::Degraded)
        return well(name, found);
    const QString mend = Text::tr("\"quern logs\" tells why they end; mend that, then \"quern reload\"");
    const bool serves =
        std::any_of(status.workers.begin(), status.workers.end(), [](const admin::WorkerStatus &worker) {
            return worker.state == admin::WorkerStatus::State::Ready;
        });
    return serves ? warning(name, found, mend) : error(name, found, mend);
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
    for (const admin::WorkerStatus &worker : report.status->workers) {
        if (worker.restarts >= manyRestarts) {
            checks.append(
                warning(QStringLiteral("worker %1").arg(worker.id),
                        Text::tr("was restarted %1 times; last: %2").arg(worker.restarts).arg(worker.lastExit),
                        Text::tr("\"quern logs\" tells what it did before")));
        }
    }
    return checks;
}

} // namespace Quern::app::doctor
