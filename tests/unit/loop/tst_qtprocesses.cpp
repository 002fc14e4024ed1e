#include "loopsupport.h"

#include <QEventLoop>
#include <QFutureWatcher>
#include <QLocalServer>
#include <QLocalSocket>
#include <QProcess>
#include <QPromise>
#include <QSignalSpy>
#include <QThread>
#include <QTimer>

#include <atomic>
#include <csignal>

using namespace LoopTest;

namespace {

QThread *startThread(QObject *parent)
{
    auto *thread = new QThread(parent);
    thread->setEventDispatcher(new Quern::loop::EpollEventDispatcher);
    thread->start();
    return thread;
}

/// Asks its echoing peer in the other thread, from its own.
class Worker : public QObject
{
    Q_OBJECT

public Q_SLOTS:
    void ask(const QString &server, const QByteArray &question)
    {
        m_socket = new QLocalSocket(this);
        connect(m_socket, &QLocalSocket::connected, this, [this, question] { m_socket->write(question); });
        connect(m_socket, &QIODevice::readyRead, this, [this, question] {
            if (m_socket->bytesAvailable() == question.size())
                Q_EMIT answered(m_socket->readAll());
        });
        m_socket->connectToServer(server);
    }

Q_SIGNALS:
    void answered(const QByteArray &answer);

private:
    QLocalSocket *m_socket = nullptr;
};

} // namespace

/// QProcess, QThread and futures on the epoll dispatcher.
class TestQtProcesses : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void processOutputAndExit();
    void processInput();
    void processKilled();
    void processFailsToStart();
    void manyProcesses();
    void processInAnotherThread();
    void threadHasItsOwnLoop();
    void threadTimers();
    void notifierMovesToAnotherThread();
    void timerMovesToAnotherThread();
    void blockingQueuedCall();
    void futureWatcher();
};

void TestQtProcesses::processOutputAndExit()
{
    QProcess process;
    QByteArray output, errors;
    connect(&process, &QProcess::readyReadStandardOutput, this, [&] { output += process.readAllStandardOutput(); });
    connect(&process, &QProcess::readyReadStandardError, this, [&] { errors += process.readAllStandardError(); });
    QSignalSpy started(&process, &QProcess::started);
    QSignalSpy finished(&process, &QProcess::finished);
    process.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QStringLiteral("echo out; echo err >&2; exit 3")});
    QTRY_COMPARE(finished.count(), 1);
    QCOMPARE(started.count(), 1);
    QCOMPARE(output, QByteArrayLiteral("out\n"));
    QCOMPARE(errors, QByteArrayLiteral("err\n"));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 3);
}

void TestQtProcesses::processInput()
{
    QProcess process;
    QByteArray output;
    connect(&process, &QProcess::readyReadStandardOutput, this, [&] { output += process.readAllStandardOutput(); });
    QSignalSpy finished(&process, &QProcess::finished);
    process.start(QStringLiteral("/bin/cat"), QStringList());
    const QByteArray input(1 << 20, 'q');
    process.write(input);
    process.closeWriteChannel();
    QTRY_COMPARE(finished.count(), 1);
    QCOMPARE(output, input);
}

void TestQtProcesses::processKilled()
{
    QProcess process;
    QSignalSpy finished(&process, &QProcess::finished);
    process.start(QStringLiteral("/bin/sleep"), {QStringLiteral("1000")});
    QTRY_COMPARE(process.state(), QProcess::Running);
    process.kill();
    QTRY_COMPARE(finished.count(), 1);
    QCOMPARE(process.exitStatus(), QProcess::CrashExit);
    QCOMPARE(process.exitCode(), SIGKILL);
}

void TestQtProcesses::processFailsToStart()
{
    QProcess process;
    QSignalSpy failed(&process, &QProcess::errorOccurred);
    process.start(QStringLiteral("/nonexistent/program"), QStringList());
    QTRY_COMPARE(failed.count(), 1);
    QCOMPARE(process.error(), QProcess::FailedToStart);
}

void TestQtProcesses::manyProcesses()
{
    int finished = 0;
    for (int i = 0; i < 20; ++i) {
        auto *process = new QProcess(this);
        connect(process, &QProcess::finished, this, [&, process, i](int code) {
            QCOMPARE(code, i);
            ++finished;
            process->deleteLater();
        });
        process->start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QStringLiteral("exit %1").arg(i)});
    }
    QTRY_COMPARE(finished, 20);
}

void TestQtProcesses::processInAnotherThread()
{
    QObject owner;
    QThread *thread = startThread(&owner);
    QObject context;
    context.moveToThread(thread);
    std::atomic<int> code = -1;
    QMetaObject::invokeMethod(&context, [&] {
        auto *process = new QProcess(&context);
        connect(process, &QProcess::finished, process, [&](int exitCode) { code = exitCode; });
        process->start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QStringLiteral("exit 5")});
    });
    QTRY_COMPARE(code.load(), 5);
    QMetaObject::invokeMethod(
        &context, [&] { qDeleteAll(context.children()); }, Qt::BlockingQueuedConnection);
    thread->quit();
    QVERIFY(thread->wait(10'000));
}

void TestQtProcesses::threadHasItsOwnLoop()
{
    QLocalServer server;
    QVERIFY(server.listen(QStringLiteral("quern-tst-qtprocesses-%1").arg(::getpid())));
    connect(&server, &QLocalServer::newConnection, this, [&] {
        QLocalSocket *socket = server.nextPendingConnection();
        connect(socket, &QIODevice::readyRead, socket, [socket] { socket->write(socket->readAll()); });
    });
    QObject owner;
    QThread *thread = startThread(&owner);
    auto *worker = new Worker;
    worker->moveToThread(thread);
    connect(thread, &QThread::finished, worker, &QObject::deleteLater);
    QByteArray answer;
    QThread *answeredIn = nullptr;
    connect(worker, &Worker::answered, this, [&](const QByteArray &bytes) {
        answer = bytes;
        answeredIn = QThread::currentThread();
    });
    const QString name = server.serverName();
    QMetaObject::invokeMethod(worker, [=] { worker->ask(name, QByteArrayLiteral("across threads")); });
    QTRY_COMPARE(answer, QByteArrayLiteral("across threads"));
    QCOMPARE(answeredIn, thread->thread());
    QVERIFY(qobject_cast<Quern::loop::EpollEventDispatcher *>(thread->eventDispatcher()));
    thread->quit();
    QVERIFY(thread->wait(10'000));
}

void TestQtProcesses::threadTimers()
{
    QObject owner;
    QThread *thread = startThread(&owner);
    QObject context;
    context.moveToThread(thread);
    std::atomic<int> fired = 0;
    QMetaObject::invokeMethod(&context, [&] {
        auto *timer = new QTimer(&context);
        connect(timer, &QTimer::timeout, &context, [&, timer] {
            if (++fired == 5)
                timer->stop();
        });
        timer->start(1);
    });
    QTRY_COMPARE(fired.load(), 5);
    QMetaObject::invokeMethod(
        &context, [&] { qDeleteAll(context.children()); }, Qt::BlockingQueuedConnection);
    thread->quit();
    QVERIFY(thread->wait(10'000));
}

void TestQtProcesses::notifierMovesToAnotherThread()
{
    QObject owner;
    QThread *thread = startThread(&owner);
    SocketPair pair;
    auto *notifier = new QSocketNotifier(pair.near.get(), QSocketNotifier::Read);
    std::atomic<QThread *> activatedIn = nullptr;
    connect(notifier, &QSocketNotifier::activated, notifier, [&] {
        take(pair.near.get());
        activatedIn = QThread::currentThread();
    });
    turn();
    notifier->moveToThread(thread);
    put(pair.far.get());
    QTRY_COMPARE(activatedIn.load(), thread);
    connect(thread, &QThread::finished, notifier, &QObject::deleteLater);
    thread->quit();
    QVERIFY(thread->wait(10'000));
}

void TestQtProcesses::timerMovesToAnotherThread()
{
    QObject owner;
    QThread *thread = startThread(&owner);
    auto *timer = new QTimer;
    std::atomic<QThread *> firedIn = nullptr;
    connect(timer, &QTimer::timeout, timer, [&] { firedIn = QThread::currentThread(); });
    timer->start(2);
    timer->moveToThread(thread);
    QTRY_COMPARE(firedIn.load(), thread);
    connect(thread, &QThread::finished, timer, &QObject::deleteLater);
    thread->quit();
    QVERIFY(thread->wait(10'000));
}

void TestQtProcesses::blockingQueuedCall()
{
    QObject owner;
    QThread *thread = startThread(&owner);
    QObject context;
    context.moveToThread(thread);
    for (int i = 0; i < 1'000; ++i) {
        int result = -1;
        QMetaObject::invokeMethod(
            &context, [&] { result = i; }, Qt::BlockingQueuedConnection);
        QCOMPARE(result, i);
    }
    thread->quit();
    QVERIFY(thread->wait(10'000));
}

void TestQtProcesses::futureWatcher()
{
    QPromise<int> promise;
    QFutureWatcher<int> watcher;
    QSignalSpy finished(&watcher, &QFutureWatcherBase::finished);
    QList<int> results;
    connect(&watcher, &QFutureWatcherBase::resultReadyAt, this, [&](int index) { results << watcher.resultAt(index); });
    watcher.setFuture(promise.future());
    const std::unique_ptr<QThread> thread(QThread::create([&] {
        promise.start();
        for (int i = 0; i < 3; ++i)
            promise.addResult(i * i);
        promise.finish();
    }));
    thread->start();
    QTRY_COMPARE(finished.count(), 1);
    QVERIFY(thread->wait(10'000));
    QCOMPARE(results, QList<int>({0, 1, 4}));
}

QUERN_EPOLL_TEST_MAIN(TestQtProcesses)
#include "tst_qtprocesses.moc"
