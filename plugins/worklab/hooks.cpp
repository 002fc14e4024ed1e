#include "hooks.h"

#include <Quern/server.h>

#include <QCoreApplication>
#include <QFileInfo>
#include <QThread>

#include <stdexcept>

using namespace Qt::Literals::StringLiterals;

namespace Worklab {

namespace {

/// Tries in a hook what handlers do, and notes what became of it.
void tryAll(const Journal &journal, const QString &hook)
{
    Quern::Server &server = Quern::server();
    const auto tell = [&journal, &hook](const char *call, const auto &outcome) {
        const QByteArray text = outcome.ok() ? "ok" : outcome.error().message().toUtf8();
        journal.write("tried " + hook.toUtf8() + ' ' + call + ": " + text);
    };
    tell("deliver", server.deliver("note", {{u"number"_s, 1}}));
    tell("fire", server.fire("greeting"));
    tell("message", server.sendMessage(Quern::ProcessAddress::worker(0), QByteArray("hello")));
    tell("broadcast", server.broadcast("hello"));
    tell("push", server.process("consumer").push({{u"number"_s, 1}}));
    tell("deliverAndWait", server.deliverAndWait("note", {{u"number"_s, 2}}));
    tell("pushAndWait", server.process("consumer").pushAndWait({{u"number"_s, 2}}));
}

} // namespace

void installHooks(Quern::Application &app, const Journal &journal)
{
    const QString failing = app.settings().value(u"fail"_s).toString();
    const QString hanging = app.settings().value(u"hang"_s).toString();
    const QString slow = app.settings().value(u"slow"_s).toString();
    const QString trying = app.settings().value(u"try"_s).toString();
    const auto note = [&journal, failing, hanging, slow, trying](const QString &hook, const QByteArray &more = {}) {
        journal.write("hook " + hook.toUtf8() + ' ' + QByteArray::number(QCoreApplication::applicationPid()) + more);
        if (hook == trying)
            tryAll(journal, hook);
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
    if (const QString unhealthy = app.settings().value(u"unhealthy"_s).toString(); !unhealthy.isEmpty())
        app.onHealthCheck([note, unhealthy]() -> Quern::Result<void> {
            note(u"HealthCheck"_s);
            if (QFileInfo::exists(unhealthy))
                return Quern::Error(Quern::Error::Unavailable, unhealthy + u" is there"_s);
            return {};
        });
    app.onWorkerStop([note] { note(u"WorkerStop"_s); });
    app.onWorkerError([note](const Quern::WorkerFailure &failure) {
        note(u"WorkerError"_s, ' ' + failure.process.toUtf8() + ": " + failure.reason.toUtf8());
    });
    app.onReady([note] { note(u"Ready"_s); });
    app.onDrain([note] { note(u"Drain"_s); });
}

} // namespace Worklab
