#include "app/server/pidfile.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <optional>
#include <thread>
#include <unistd.h>

using namespace Quern;
using app::PidFile;
using namespace std::chrono_literals;

class TestPidFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void lockedWhileHeld();
    void secondIsRefused();
    void removedAtTheEnd();
    void refusedOneRemovesNothing();
    void whoHasLeftTheFileIsKnown();
    void fileOfAKilledServer();
    void absentFile();
    void waitsUntilFree();
    void lookingDoesNotHold();
    void unusableFolder();
    void unreadable();

private:
    /// -1 if it cannot be seen.
    qint64 holder() const
    {
        const Result<qint64> pid = PidFile::holder(m_path);
        return pid ? *pid : -1;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_path;
};

void TestPidFile::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_path = m_folder->filePath(QStringLiteral("quern.pid"));
}

void TestPidFile::lockedWhileHeld()
{
    PidFile file(m_path);
    QCOMPARE(holder(), 0);
    QVERIFY(file.acquire());
    QCOMPARE(holder(), qint64(::getpid()));
    QFile reader(m_path);
    QVERIFY(reader.open(QIODevice::ReadOnly));
    QCOMPARE(reader.readAll(), QByteArray::number(::getpid()) + '\n');
}

void TestPidFile::secondIsRefused()
{
    PidFile first(m_path);
    QVERIFY(first.acquire());
    PidFile second(m_path);
    const Result<void> refused = second.acquire();
    QVERIFY(!refused);
    QCOMPARE(refused.error().code(), Error::Exists);
    QVERIFY(refused.error().message().contains(QString::number(::getpid())));
}

void TestPidFile::removedAtTheEnd()
{
    {
        PidFile file(m_path);
        QVERIFY(file.acquire());
    }
    QVERIFY(!QFile::exists(m_path));
    PidFile next(m_path);
    QVERIFY(next.acquire());
}

void TestPidFile::refusedOneRemovesNothing()
{
    PidFile first(m_path);
    QVERIFY(first.acquire());
    {
        PidFile second(m_path);
        QVERIFY(!second.acquire());
    }
    QVERIFY(QFile::exists(m_path));
    QCOMPARE(holder(), qint64(::getpid()));
}

void TestPidFile::whoHasLeftTheFileIsKnown()
{
    QFile left(m_path);
    QVERIFY(left.open(QIODevice::WriteOnly));
    QCOMPARE(left.write("4711\n"), qint64(5));
    left.close();
    {
        PidFile file(m_path);
        QVERIFY(file.acquire());
        QCOMPARE(file.former(), 4711);
    }
    PidFile next(m_path);
    QVERIFY(next.acquire());
    QCOMPARE(next.former(), 0);
}

void TestPidFile::fileOfAKilledServer()
{
    QFile left(m_path);
    QVERIFY(left.open(QIODevice::WriteOnly));
    QCOMPARE(left.write("123456789 and more\n"), qint64(19));
    left.close();
    QCOMPARE(holder(), 0); // nobody holds the lock
    PidFile file(m_path);
    QVERIFY(file.acquire());
    QCOMPARE(holder(), qint64(::getpid()));
}

void TestPidFile::absentFile()
{
    QCOMPARE(holder(), 0);
    QVERIFY(PidFile::waitUntilFree(m_path, 0ms));
    QVERIFY(!QFile::exists(m_path)); // looking makes none
}

void TestPidFile::waitsUntilFree()
{
    std::optional<PidFile> file(m_path);
    QVERIFY(file->acquire());
    QVERIFY(!PidFile::waitUntilFree(m_path, 30ms));
    std::atomic<bool> free = false;
    std::thread waiting([&] { free = PidFile::waitUntilFree(m_path, 10s); });
    file.reset();
    waiting.join();
    QVERIFY(free);
}

void TestPidFile::lookingDoesNotHold()
{
    // "quern status" beside "quern start": the one that looks must never make the other believe that a server runs.
    QFile left(m_path);
    QVERIFY(left.open(QIODevice::WriteOnly));
    std::atomic<bool> enough = false;
    std::thread looking([&] {
        while (!enough)
            static_cast<void>(PidFile::holder(m_path));
    });
    int refused = 0;
    for (int i = 0; i < 2000; ++i) {
        PidFile file(m_path);
        if (!file.acquire())
            ++refused;
    }
    enough = true;
    looking.join();
    QCOMPARE(refused, 0);
}

void TestPidFile::unusableFolder()
{
    PidFile file(m_folder->filePath(QStringLiteral("absent/quern.pid")));
    const Result<void> refused = file.acquire();
    QVERIFY(!refused);
    QVERIFY(refused.error().message().contains(u"absent/quern.pid"));
}

void TestPidFile::unreadable()
{
    // Not the same as "nobody holds it".
    QFile inTheWay(m_path);
    QVERIFY(inTheWay.open(QIODevice::WriteOnly));
    const QString path = m_path + QStringLiteral("/quern.pid");
    const Result<qint64> pid = PidFile::holder(path);
    QVERIFY(!pid);
    QVERIFY2(pid.error().message().contains(path), qPrintable(pid.error().message()));
    QVERIFY(!PidFile::waitUntilFree(path, 0ms));
}

QTEST_GUILESS_MAIN(TestPidFile)
#include "tst_pidfile.moc"
