#include "tasks.h"

#include <Quern/server.h>

#include <QThread>

#include <chrono>
#include <cstdlib>
#include <stdexcept>

using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;

namespace Worklab {

namespace {

/// "task note 3 1": name, the number that its payload gives it, and the try.
QByteArray lineOf(const Quern::Task &task)
{
    return "task " + task.name().toUtf8() + ' ' + task.payload().value(u"number"_s).toByteArray() + ' ' +
           QByteArray::number(task.attempt());
}

void note(const Journal &journal, const Quern::Task &task)
{
    journal.write(lineOf(task));
}

void pause(const Quern::Payload &payload)
{
    QThread::msleep(payload.value(u"ms"_s).toUInt());
}

/// Fails in its first tries, as many as the payload's "failures" says.
Quern::Result<void> fail(const Journal &journal, Quern::Task &task)
{
    journal.write(lineOf(task));
    if (task.attempt() <= task.payload().value(u"failures"_s).toInt())
        return Quern::Error(Quern::Error::Unavailable, u"it was to fail"_s);
    task.setResult({{u"attempt"_s, task.attempt()}});
    return {};
}

} // namespace

void relay(const Journal &journal, int number)
{
    Quern::Server &server = Quern::server();
    const bool isSent = server.deliver("note", {{u"number"_s, number}}).ok() &&
                        server.deliverAndWait("note", {{u"number"_s, number + 1}}).ok() && server.fire("greeting").ok();
    const Quern::Delivery unheard = server.deliver("note", {}, {.finished = [](const Quern::TaskResult &) {}});
    journal.write("relay " + server.self().toString().toUtf8() + (isSent ? " has sent" : " could not send") +
                  (unheard ? "" : ", would not hear"));
}

void installTasks(Quern::Application &app, const Journal &journal)
{
    const Quern::Counter tasks =
        app.counter("worklab_tasks_total", "Tries of the tasks note, echo and fail.", {"task"});
    const Quern::Histogram noting = app.histogram("worklab_note_seconds", "How long tries of the task note took.");
    app.task("echo", [echoes = tasks.with({"echo"})](Quern::Task &task) {
        echoes.increment();
        task.setResult(task.payload());
    });
    app.task("large",
             [](Quern::Task &task) { task.setResult(QByteArray(task.payload().value(u"bytes"_s).toLongLong(), 'x')); });
    app.task("note", [&journal, notes = tasks.with({"note"}), noting](Quern::Task &task) {
        const auto timer = noting.time();
        notes.increment();
        pause(task.payload());
        note(journal, task);
    });
    app.task("fail",
             [&journal, fails = tasks.with({"fail"})](Quern::Task &task) {
                 fails.increment();
                 return fail(journal, task);
             })
        .retryDelay(20ms, 100ms)
        .onFinish([&journal](const Quern::TaskResult &result) {
            journal.write("finished fail " + QByteArray::number(result.attempts()));
        });
    app.task("relay", [&journal](Quern::Task &task) { relay(journal, task.payload().value(u"number"_s).toInt()); });
    app.task("throw", [](Quern::Task &) { throw std::runtime_error("thrown on purpose"); });
    app.task("crash", [&journal](Quern::Task &task) {
        note(journal, task);
        std::abort();
    });
    app.task("sleep",
             [&journal](Quern::Task &task) {
                 journal.write("begun " + lineOf(task));
                 pause(task.payload());
                 note(journal, task);
             })
        .timeout(1h);

    // Three listeners: the second stops the third, or fails, as the payload says.
    const auto heard = [&journal](const char *who, const Quern::Event &event) {
        journal.write("event " + event.name().toUtf8() + ' ' + who + ' ' + QByteArray::number(event.attempt()));
    };
    app.listen("greeting", [heard](const Quern::Event &event) { heard("first", event); });
    app.listen("greeting", [heard](const Quern::Event &event) {
        heard("second", event);
        if (event.attempt() <= event.payload().value(u"failures"_s).toInt())
            throw std::runtime_error("the second listener was to fail");
        return !event.payload().value(u"stop"_s).toBool();
    });
    app.listen("greeting", [heard](const Quern::Event &event) { heard("third", event); });
    // It has the name of a task, whose onFinish() has nothing to do with it.
    app.listen("fail", [heard](const Quern::Event &event) { heard("only", event); });
}

} // namespace Worklab
