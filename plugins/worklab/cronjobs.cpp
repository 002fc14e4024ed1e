#include "cronjobs.h"

#include "tasks.h"

#include <QThread>

#include <stdexcept>

using namespace Qt::Literals::StringLiterals;

namespace Worklab {

namespace {

/// "cron tick 3", and sleeps for the parameter "ms".
void run(const Journal &journal, const Quern::CronRun &cron)
{
    const QByteArray line = cron.name().toUtf8() + ' ' + QByteArray::number(cron.number());
    journal.write("cron " + line);
    const qint64 ms = cron.parameters().value(u"ms"_s).toLongLong();
    for (qint64 slept = 0; slept < ms && !cron.isStopRequested(); slept += 10)
        QThread::msleep(10);
    if (ms > 0)
        journal.write("done " + line);
}

} // namespace

void installCronJobs(Quern::Application &app, const Journal &journal)
{
    app.cron("tick", [&journal](Quern::CronRun &cron) { run(journal, cron); });
    app.cron("few", [&journal](Quern::CronRun &cron) {
        run(journal, cron);
        if (cron.number() >= cron.parameters().value(u"runs"_s, 3).toULongLong())
            cron.stop();
    });
    app.cron("broken", [&journal](Quern::CronRun &cron) {
        run(journal, cron);
        throw std::runtime_error("it was to fail");
    });
    app.cron("relay", [&journal](Quern::CronRun &cron) {
        relay(journal, cron.parameters().value(u"number"_s).toInt());
        cron.stop();
    });
    // Deaf to all that it is asked.
    app.cron("stuck", [&journal](Quern::CronRun &cron) {
        journal.write("cron " + cron.name().toUtf8() + " 1");
        QThread::sleep(3600);
    });
}

} // namespace Worklab
