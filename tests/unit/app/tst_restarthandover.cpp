#include "app/server/log.h"
#include "app/server/restarthandover.h"
#include "ipc/frame.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace Quern;
using app::RestartHandover;

namespace Quern::app {
Q_LOGGING_CATEGORY(logMaster, "quern.master", QtInfoMsg)
} // namespace Quern::app

namespace {

base::FileDescriptor opened()
{
    return base::FileDescriptor(::open("/dev/null", O_RDWR));
}

bool isClosedOnExec(int fd)
{
    return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

/// As the next program finds it.
RestartHandover takenBy(const QByteArray &variable)
{
    qputenv("QUERN_RESTART", variable.mid(variable.indexOf('=') + 1));
    return RestartHandover::take();
}

} // namespace

class TestRestartHandover : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void comesThroughTheEnvironment();
    void nothingIsLeftThere();
    void whatIsNoDescriptor();
    void whatIsNoHandover_data();
    void whatIsNoHandover();
    void aSuccessorTellsItsServer();
    void nothingIsLeftOfWhatNobodyGoesOnWith();
};

void TestRestartHandover::comesThroughTheEnvironment()
{
    const base::FileDescriptor own = opened();
    const base::FileDescriptor lent = opened();
    const base::FileDescriptor lock = opened();
    const base::FileDescriptor tables = opened();
    const base::FileDescriptor channel = opened();
    const base::FileDescriptor tasks = opened();
    RestartHandover given;
    given.operation = 5;
    given.lastOperation = 7;
    given.logFile = QStringLiteral("/run/a b.log");
    given.isJson = true;
    admin::AuditEntry entry;
    entry.time = QDateTime::fromMSecsSinceEpoch(1000, Qt::UTC);
    entry.who = QStringLiteral("uid 0");
    entry.method = QStringLiteral("server.restart");
    entry.role = QStringLiteral("admin");
    given.begun = {entry};
    given.sockets = {own.get()};
    given.lent = {lent.get()};
    given.lock = lock.get();
    given.tables = tables.get();
    given.channel = channel.get();
    given.tasks = tasks.get();
    given.generation = 3;
    given.isTrial = true;
    QCOMPARE(given.descriptors(),
             QList<int>({own.get(), lent.get(), lock.get(), tables.get(), channel.get(), tasks.get()}));

    const RestartHandover taken = takenBy(given.environment());
    QCOMPARE(taken.environment(), given.environment());
    QCOMPARE(taken.begun.size(), 1);
    QVERIFY(taken.isSuccessor() && taken.isTrial);
    for (const int fd : taken.descriptors())
        QVERIFY(isClosedOnExec(fd));
}

void TestRestartHandover::nothingIsLeftThere()
{
    RestartHandover given;
    given.operation = 1;
    QCOMPARE(takenBy(given.environment()).operation, 1);
    QVERIFY(!qEnvironmentVariableIsSet("QUERN_RESTART"));
    QCOMPARE(RestartHandover::take().operation, 0);
}

void TestRestartHandover::whatIsNoDescriptor()
{
    RestartHandover given;
    given.operation = 1;
    given.sockets = {987'654, 1};
    given.channel = 987'654;
    given.lock = 2;
    const RestartHandover taken = takenBy(given.environment());
    QVERIFY(taken.sockets.isEmpty());
    QVERIFY(!taken.isSuccessor());
    QCOMPARE(taken.lock, -1);
    QVERIFY(!isClosedOnExec(STDERR_FILENO));
}

void TestRestartHandover::whatIsNoHandover_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no JSON") << QByteArray("restart");
    QTest::newRow("a list") << QByteArray("[1]");
}

void TestRestartHandover::whatIsNoHandover()
{
    QFETCH(const QByteArray, text);
    const RestartHandover taken = takenBy("QUERN_RESTART=" + text);
    QCOMPARE(taken.operation, 0);
    QVERIFY(taken.descriptors().isEmpty());
}

void TestRestartHandover::aSuccessorTellsItsServer()
{
    int ends[2] = {};
    QCOMPARE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const base::FileDescriptor here(ends[0]);
    const base::FileDescriptor there(ends[1]);
    RestartHandover handover;
    handover.operation = 1;
    handover.channel = there.get();
    handover.complain(QStringLiteral("it cannot be"));
    char buffer[256] = {};
    const ssize_t count = ::read(here.get(), buffer, sizeof buffer);
    QByteArrayView bytes(buffer, count);
    const Result<std::optional<ipc::Frame>> frame = ipc::decodeFrame(bytes);
    QVERIFY(frame && *frame);
    QCOMPARE((*frame)->type, ipc::FrameType::HandoverFailed);
    QCOMPARE((*frame)->payload, QByteArrayView("it cannot be"));
}

void TestRestartHandover::nothingIsLeftOfWhatNobodyGoesOnWith()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("a.sock"));
    const base::FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    qstrncpy(address.sun_path, QFile::encodeName(path).constData(), sizeof address.sun_path);
    QCOMPARE(::bind(socket.get(), reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
    QFile lock(folder.filePath(QStringLiteral("quern.pid")));
    QVERIFY(lock.open(QIODevice::WriteOnly));
    RestartHandover handover;
    handover.sockets = {socket.get()};
    handover.lock = lock.handle();
    handover.discard();
    QVERIFY(!QFile::exists(path));
    QVERIFY(!QFile::exists(lock.fileName()));
}

QTEST_GUILESS_MAIN(TestRestartHandover)
#include "tst_restarthandover.moc"
