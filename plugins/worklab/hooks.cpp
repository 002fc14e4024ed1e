#include "hooks.h"

#include <QCoreApplication>
#include <QThread>

#include <stdexcept>

using namespace Qt::Literals::StringLiterals;

namespace Worklab {

void installHooks(Quern::Application &app, const Journal &journal)
{
    const QString failing = app.settings().value(u"fail"_s).toString();
    const QString hanging = app.settings().value(u"hang"_s).toString();
    const QString slow = app.settings().value(u"slow"_s).toString();
    const auto note = [&journal, failing, hanging, slow](const QString &hook, const QByteArray &more = {}) {
        journal.write("hook " + hook.toUtf8() + ' ' + QByteArray::number(QCoreApplication::applicationPid()) + more);
        if (hook == slow)
            QThread::msleep(700);
        if (hook == failing)
            throw std::runtime_error("it was to fail");
        while (hook == hanging)
            QThread::sleep(1);
    };
    app.onServerStart([note] { note(u"ServerStart"_s); });
    app.onServerStop([note] { note(u"ServerStop"_s); });
    app.onWorkerStart([note] { note(u"WorkerStart"_s); });
    app.onWorkerStart([note] { note(u"WorkerStart2"_s); });
    app.onWorkerStop([note] { note(u"WorkerStop"_s); });
    app.onWorkerError([note](const Quern::WorkerFailure &failure) {
        note(u"WorkerError"_s, ' ' + failure.process.toUtf8() + ": " + failure.reason.toUtf8());
    });
    app.onReady([note] { note(u"Ready"_s); });
    app.onDrain([note] { note(u"Drain"_s); });
}

} // namespace Worklab
