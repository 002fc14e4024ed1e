#include "app/server/servicenotifier.h"

#include "base/filedescriptor.h"

#include <QLoggingCategory>
#include <QSemaphore>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <ctime>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace Quern;
using namespace Quern::app;
using namespace std::chrono_literals;

namespace Quern::app {
Q_LOGGING_CATEGORY(logMaster, "quern.master", QtInfoMsg)
}

namespace {

/// A service manager: its socket, and what has come.
class Manager
{
public:
    /// \a name: a path, or '@' and an abstract name.
    explicit Manager(const QByteArray &name) : m_fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        std::copy(name.begin(), name.end(), address.sun_path);
        if (name.front() == '@')
            address.sun_path[0] = '\0';
        const auto length = socklen_t(offsetof(sockaddr_un, sun_path) + std::size_t(name.size()));
        if (::bind(m_fd.get(), reinterpret_cast<const sockaddr *>(&address), length) != 0)
            qFatal("no socket %s", name.constData());
    }

    /// The next message; null if none has come after \a patience.
    QByteArray next(std::chrono::milliseconds patience = 0ms) const
    {
        pollfd wait = {m_fd.get(), POLLIN, 0};
        if (::poll(&wait, 1, int(patience.count())) != 1)
            return {};
        QByteArray text(4096, '\0');
        text.truncate(qsizetype(::recv(m_fd.get(), text.data(), std::size_t(text.size()), 0)));
        return text;
    }

    /// Those that have come, in one line each.
    QByteArrayList all() const
    {
        QByteArrayList texts;
        for (QByteArray text = next(); !text.isNull(); text = next())
            texts.append(text);
        return texts;
    }

    /// How often the watchdog has been fed so far; takes all messages that have come.
    int fed()
    {
        m_fed += int(all().count("WATCHDOG=1"));
        return m_fed;
    }

private:
    base::FileDescriptor m_fd;
    int m_fed = 0;
};

/// A thread with an event loop that can be held up.
class Loop
{
public:
    Loop()
    {
        m_object.moveToThread(&m_thread);
        m_thread.start();
    }
    ~Loop()
    {
        m_go.release();
        m_thread.quit();
        m_thread.wait();
    }
    Q_DISABLE_COPY_MOVE(Loop)

    QObject *object() { return &m_object; }
    /// Returns when it stands.
    void hold()
    {
        QMetaObject::invokeMethod(
            &m_object,
            [this] {
                m_held.release();
                m_go.acquire();
            },
            Qt::QueuedConnection);
        m_held.acquire();
    }
    void letGo() { m_go.release(); }

private:
    QSemaphore m_held;
    QSemaphore m_go;
    QThread m_thread;
    QObject m_object;
};

qint64 monotonicMicroseconds()
{
    timespec now = {};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return qint64(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

} // namespace

/// What a service manager is told, in the form of sd_notify(3), and when its watchdog is fed.
class tst_ServiceNotifier : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { m_name = QFile::encodeName(m_folder.filePath(QStringLiteral("notify"))); }
    void cleanup();

    void whatTheEnvironmentAsksFor_data();
    void whatTheEnvironmentAsksFor();
    void whatIsTakenAndGiven();
    void messages();
    void abstractName();
    void statusIsOneLine();
    void nobodyAsks();
    void wrongAddressIsToldOnce_data();
    void wrongAddressIsToldOnce();
    void fullSocketDelaysForAMoment();
    void watchdogIsFedTwiceInItsTime();
    void anotherProcessIsTheService();
    void noWatchdogWithoutOne();
    void stuckThreadIsNotFedFor();
    void lateAnswerFeedsAtOnce();

private:
    static ServiceRequest request(const QByteArray &name, std::chrono::microseconds watchdog = 0us)
    {
        return {name, watchdog};
    }

    QTemporaryDir m_folder;
    QByteArray m_name;
};

void tst_ServiceNotifier::cleanup()
{
    QFile::remove(QFile::decodeName(m_name));
    for (const char *name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
        qunsetenv(name);
}

void tst_ServiceNotifier::whatTheEnvironmentAsksFor_data()
{
    QTest::addColumn<QByteArray>("microseconds");
    QTest::addColumn<QByteArray>("pid");
    QTest::addColumn<qint64>("watchdog");
    const QByteArray own = QByteArray::number(qint64(::getpid()));
    QTest::newRow("for this process") << QByteArray("30000000") << own << qint64(30'000'000);
    QTest::newRow("for nobody in particular") << QByteArray("30000000") << QByteArray() << qint64(30'000'000);
    QTest::newRow("for another process") << QByteArray("30000000") << QByteArray("1") << qint64(0);
    QTest::newRow("none") << QByteArray() << own << qint64(0);
    QTest::newRow("no number") << QByteArray("soon") << own << qint64(0);
    QTest::newRow("below zero") << QByteArray("-5") << own << qint64(0);
    QTest::newRow("longer than a timer takes") << QByteArray("9000000000000000000") << own << qint64(86'400'000'000);
}

void tst_ServiceNotifier::whatTheEnvironmentAsksFor()
{
    QFETCH(const QByteArray, microseconds);
    QFETCH(const QByteArray, pid);
    QFETCH(const qint64, watchdog);
    qputenv("NOTIFY_SOCKET", m_name);
    qputenv("WATCHDOG_USEC", microseconds);
    qputenv("WATCHDOG_PID", pid);
    const ServiceRequest taken = ServiceRequest::take();
    QCOMPARE(taken.socket, m_name);
    QCOMPARE(qint64(taken.watchdog.count()), watchdog);
}

void tst_ServiceNotifier::whatIsTakenAndGiven()
{
    qputenv("NOTIFY_SOCKET", m_name);
    qputenv("WATCHDOG_USEC", "5000000");
    qputenv("WATCHDOG_PID", QByteArray::number(qint64(::getpid())));
    const ServiceRequest taken = ServiceRequest::take();
    for (const char *name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
        QVERIFY2(!qEnvironmentVariableIsSet(name), name);
    // Who takes over has another pid.
    QCOMPARE(taken.environment(), QByteArrayList({"NOTIFY_SOCKET=" + m_name, "WATCHDOG_USEC=5000000"}));
    QVERIFY(ServiceRequest().environment().isEmpty());
}

void tst_ServiceNotifier::messages()
{
    const Manager manager(m_name);
    ServiceNotifier notifier(request(m_name));
    notifier.starting(90s);
    QCOMPARE(manager.next(),
             QByteArray("EXTEND_TIMEOUT_USEC=90000000\nSTATUS=Starting: the first workers load their plugins."));
    notifier.ready(QStringLiteral("2 workers serve."));
    QCOMPARE(manager.next(),
             "READY=1\nMAINPID=" + QByteArray::number(qint64(::getpid())) + "\nSTATUS=2 workers serve.");
    const qint64 before = monotonicMicroseconds();
    notifier.reloading();
    const QByteArrayList lines = manager.next().split('\n');
    QCOMPARE(lines.value(0), QByteArray("RELOADING=1"));
    QVERIFY(lines.value(1).startsWith("MONOTONIC_USEC="));
    const qint64 told = lines.value(1).mid(15).toLongLong();
    QVERIFY(told >= before && told <= monotonicMicroseconds());
    notifier.stopping(3s);
    QCOMPARE(manager.next(), QByteArray("STOPPING=1\nEXTEND_TIMEOUT_USEC=3000000\n"
                                        "STATUS=Stopping: what has been begun is finished."));
    request(m_name).complain(QStringLiteral("127.0.0.1:80 is taken"));
    QCOMPARE(manager.next(), QByteArray("STATUS=cannot start: 127.0.0.1:80 is taken"));
    QVERIFY(manager.all().isEmpty());
}

void tst_ServiceNotifier::abstractName()
{
    const QByteArray name = "@quern-test-" + QByteArray::number(qint64(::getpid()));
    const Manager manager(name);
    request(name).complain(QStringLiteral("x"));
    QCOMPARE(manager.next(), QByteArray("STATUS=cannot start: x"));
}

void tst_ServiceNotifier::statusIsOneLine()
{
    const Manager manager(m_name);
    request(m_name).complain(QStringLiteral("one\nREADY=1\n\ttwo"));
    QCOMPARE(manager.next(), QByteArray("STATUS=cannot start: one READY=1 two"));
}

void tst_ServiceNotifier::nobodyAsks()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral(".")));
    ServiceNotifier notifier(request({}, 20ms));
    notifier.ready(QStringLiteral("x"));
    QCoreApplication::processEvents();
}

void tst_ServiceNotifier::wrongAddressIsToldOnce_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QString>("reason");
    QTest::newRow("relative") << QByteArray("run/notify")
                              << QStringLiteral("is \"run/notify\", which is no absolute path");
    QTest::newRow("another family") << QByteArray("vsock:2:1234") << QStringLiteral("is \"vsock:2:1234\", which is no");
    QTest::newRow("too long") << QByteArray(200, '/') << QStringLiteral("which is no absolute path");
    QTest::newRow("nobody there") << QByteArray("/nowhere/notify") << QStringLiteral("No such file");
}

void tst_ServiceNotifier::wrongAddressIsToldOnce()
{
    QFETCH(const QByteArray, name);
    QFETCH(const QString, reason);
    QTest::failOnWarning(QRegularExpression(QStringLiteral(".")));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QRegularExpression::escape(reason)));
    ServiceNotifier notifier(request(name));
    notifier.starting(1s);
    notifier.ready(QStringLiteral("x"));
}

void tst_ServiceNotifier::fullSocketDelaysForAMoment()
{
    const Manager manager(m_name);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("cannot be told how the server is")));
    ServiceNotifier notifier(request(m_name));
    QElapsedTimer timer;
    qint64 longest = 0;
    // Until the kernel holds no more for a manager that reads nothing.
    for (int i = 0; i < 2000 && longest < 100; ++i) {
        timer.start();
        notifier.ready(QStringLiteral("x"));
        longest = qMax(longest, timer.elapsed());
    }
    QVERIFY(longest >= 100);
    QVERIFY2(longest < 5000, qPrintable(QString::number(longest)));
}

void tst_ServiceNotifier::watchdogIsFedTwiceInItsTime()
{
    Manager manager(m_name);
    QElapsedTimer timer;
    timer.start();
    ServiceNotifier notifier(request(m_name, 400ms));
    notifier.ready(QStringLiteral("x"));
    QTRY_VERIFY(manager.fed() >= 5);
    QVERIFY2(timer.elapsed() >= 780, qPrintable(QString::number(timer.elapsed())));
}

void tst_ServiceNotifier::anotherProcessIsTheService()
{
    Manager manager(m_name);
    ServiceNotifier notifier(request(m_name, 100ms));
    notifier.ready(QStringLiteral("x"));
    QTRY_VERIFY(manager.fed() > 0);
    const int fed = manager.fed();
    notifier.handedOver(4711);
    QCOMPARE(manager.next(1s), QByteArray("MAINPID=4711"));
    notifier.stopping(1s);
    const QDeadlineTimer moment(300);
    while (!moment.hasExpired())
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 50);
    QCOMPARE(manager.fed(), fed);
}

void tst_ServiceNotifier::noWatchdogWithoutOne()
{
    const Manager manager(m_name);
    ServiceNotifier notifier(request(m_name));
    notifier.ready(QStringLiteral("x"));
    QCoreApplication::processEvents();
    QCoreApplication::processEvents();
    QCOMPARE(manager.all().size(), 1);
}

void tst_ServiceNotifier::stuckThreadIsNotFedFor()
{
    Manager manager(m_name);
    Loop first;
    Loop second;
    ServiceNotifier notifier(request(m_name, 100ms));
    notifier.watch(first.object());
    notifier.watch(second.object());
    notifier.ready(QStringLiteral("x"));
    QTRY_VERIFY(manager.fed() > 0);

    second.hold();
    // It may have answered just before, and be fed for that once more.
    const int most = manager.fed() + 1;
    const QDeadlineTimer moment(1000);
    while (!moment.hasExpired())
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 50);
    const int fed = manager.fed();
    QVERIFY2(fed <= most, qPrintable(QString::number(fed)));
    second.letGo();
    QTRY_VERIFY(manager.fed() > fed);
}

void tst_ServiceNotifier::lateAnswerFeedsAtOnce()
{
    Manager manager(m_name);
    Loop loop;
    loop.hold();
    // So long that its timer does not fire in this test.
    ServiceNotifier notifier(request(m_name, 1h));
    notifier.watch(loop.object());
    notifier.ready(QStringLiteral("x"));
    QVERIFY(manager.next(1s).startsWith("READY=1"));
    QCoreApplication::processEvents();
    QCOMPARE(manager.fed(), 0);
    loop.letGo();
    QTRY_COMPARE(manager.fed(), 1);
}

QTEST_GUILESS_MAIN(tst_ServiceNotifier)
#include "tst_servicenotifier.moc"
