#include "processes.h"

#include "tasks.h"

#include <Quern/server.h>

#include <QProcess>
#include <QStringList>
#include <QThread>

#include <chrono>
#include <cstdio>
#include <stdexcept>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;

namespace Worklab {

namespace {

/// "process ticker 0".
QByteArray titleOf(const Quern::Process &process)
{
    return "process " + process.name().toUtf8() + ' ' + QByteArray::number(process.number());
}

std::chrono::milliseconds pauseOf(const Quern::Process &process, const char *name, int otherwise)
{
    return std::chrono::milliseconds(process.parameters().value(QLatin1StringView(name), otherwise).toInt());
}

/// Writes a number after the other to its pipe.
void tick(const Journal &journal, Quern::Process &process)
{
    journal.write(titleOf(process) + " begins");
    for (int number = 1; !process.waitForStop(pauseOf(process, "pause", 20)); ++number)
        process.write("tick " + QByteArray::number(number) + '\n');
    journal.write(titleOf(process) + " ends");
}

/// Gives back what is written to it, in capitals.
void shout(Quern::Process &process)
{
    while (!process.isStopRequested()) {
        if (const auto bytes = process.read(1s))
            process.write(bytes->toUpper());
    }
}

/// Notes each item of its queue, after "pause" milliseconds of work.
void consume(const Journal &journal, Quern::Process &process)
{
    while (!process.isStopRequested()) {
        const auto item = process.pop(1s);
        if (!item)
            continue;
        QThread::msleep(static_cast<unsigned long>(pauseOf(process, "pause", 0).count()));
        journal.write("item " + item->value(u"number"_s).toByteArray() + " by " + titleOf(process) + " pid " +
                      QByteArray::number(::getpid()));
    }
}

/// Prints what others would log, and logs something as well.
void print(Quern::Process &process)
{
    qInfo("the printer begins");
    for (int number = 1; !process.waitForStop(pauseOf(process, "pause", 20)); ++number)
        std::printf("line %d of the printer\n", number);
}

/// Ends at once: with "throw" by an exception.
void quit(const Quern::Process &process)
{
    if (process.parameters().value(u"throw"_s).toBool())
        throw std::runtime_error("ended on purpose");
}

/// Starts a program that outlives it if nobody kills it, and does not care to be stopped.
void hang(const Journal &journal, const Quern::Process &process)
{
    QProcess child;
    child.start(u"sleep"_s, {u"600"_s});
    child.waitForStarted();
    journal.write(titleOf(process) + " pid " + QByteArray::number(::getpid()) + " child " +
                  QByteArray::number(child.processId()));
    for (;;)
        QThread::sleep(1);
}

} // namespace

void installProcesses(Quern::Application &app, const Journal &journal)
{
    app.process("ticker", [&journal](Quern::Process &process) { tick(journal, process); })
        .onReload([&journal] { journal.write("onReload"); })
        .onStop([&journal] { journal.write("onStop"); });
    app.process("shouter", shout);
    app.process("consumer", [&journal](Quern::Process &process) { consume(journal, process); });
    app.process("relay", [&journal](Quern::Process &process) {
        relay(journal, process.parameters().value(u"number"_s).toInt());
        while (!process.waitForStop(1h)) {
        }
    });
    app.process("printer", print);
    app.process("quitter", quit);
    app.process("hanger", [&journal](Quern::Process &process) { hang(journal, process); });
    app.onMessage([&journal](const Quern::ProcessMessage &message) {
        const QByteArray text = message.payload.value(u"text"_s).toString().toUtf8();
        journal.write("message " + text + " from " + message.from.toString().toUtf8() + " to " +
                      Quern::server().self().toString().toUtf8());
        if (message.payload.value(u"answer"_s).toBool())
            Quern::server().sendMessage(message.from, {{u"text"_s, QString::fromUtf8("re " + text)}});
    });
    app.task("message", [](Quern::Task &task) -> Quern::Result<void> {
        return Quern::server().sendMessage(
            Quern::ProcessAddress::process(task.payload().value(u"process"_s).toString()),
            {{u"text"_s, task.payload().value(u"text"_s).toString()}});
    });
}

} // namespace Worklab
