#include "watchtest.h"

#include "epolltestmain.h"

#include <QDateTime>
#include <QElapsedTimer>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QTimer>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tuple>

using namespace Quern;
using namespace Quern::watch;
using namespace Qt::Literals::StringLiterals;

/// Nothing is told of a file that somebody is writing, however he goes about it.
class TestWriters : public WatchTest
{
    Q_OBJECT

private Q_SLOTS:
    /// What is complete waits for the others hardly longer than somebody who writes pauses.
    void init() { begin({quick.quiet, quick.settle, std::chrono::milliseconds(300), quick.poll}); }
    void cleanup() { end(); }
    void whoPausesForLongerThanAnybodyWaits();
    void nothingIsToldBesideWhatIsNeeded();
    void isWaitedForOnce();
    void whoOpensAndClosesAgainAndAgain();
    void touchedWhileItIsWritten();
    void withoutBeingOpened();
    void anotherOfItsName();
    void whereNobodySaysWhoWrites();
    void anEmptyFileAtFirst();
    void madeWithItsContent();
    void throughALink();
    void inADirectoryThatIsMovedAway();
    void theSameTimeAndSize();
};

void TestWriters::whoPausesForLongerThanAnybodyWaits()
{
    write(u"page"_s);
    write(u"quern.toml"_s);
    watch({u"quern.toml"_s}, {u"page"_s});
    QFile file(path(u"page"_s));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    for (int piece = 0; piece < 4; ++piece) {
        QCOMPARE(file.write("piece"), 5);
        // By then it has been waited for for long enough.
        write(u"quern.toml"_s, QByteArray(piece + 2, 'x'));
        QCOMPARE(told(), u"quern.toml"_s);
        passAWhile();
        QVERIFY(m_spy->isEmpty());
    }
    file.close();
    QCOMPARE(told(), u"page"_s);
}

void TestWriters::nothingIsToldBesideWhatIsNeeded()
{
    write(u"libshop.so"_s);
    write(u"page"_s);
    watch({u"libshop.so"_s}, {u"page"_s});
    QFile file(path(u"libshop.so"_s));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    file.write("piece");
    write(u"page"_s, "xy");
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"libshop.so has been open for writing, or been written to, "
                                                          "for a while: the server reloads once that is over$"_s));
    for (int piece = 0; piece < 3; ++piece) {
        passAWhile();
        file.write("piece");
    }
    // A reload for the page would have loaded it.
    QVERIFY(m_spy->isEmpty());
    file.close();
    QCOMPARE(told(), u"libshop.so page"_s);
}

void TestWriters::isWaitedForOnce()
{
    begin({quick.quiet, quick.settle, std::chrono::milliseconds(2000), quick.poll});
    write(u"page"_s);
    watch({u"quern.toml"_s}, {u"journal"_s});
    QFile journal(path(u"journal"_s));
    QVERIFY(journal.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    QTimer writer;
    connect(&writer, &QTimer::timeout, this, [&journal] { journal.write("x"); });
    writer.start(20);
    QElapsedTimer timer;
    timer.start();
    write(u"quern.toml"_s);
    QCOMPARE(told(), u"quern.toml"_s);
    QVERIFY(timer.elapsed() >= 1000);
    // It goes on, and is known for that.
    timer.start();
    for (const QByteArray &content : {QByteArray("xy"), QByteArray("xyz")}) {
        write(u"quern.toml"_s, content);
        QCOMPARE(told(), u"quern.toml"_s);
    }
    QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    // When it ends, that is told, and not at the next look of those that are made from time to time.
    writer.stop();
    timer.start();
    journal.close();
    QCOMPARE(told(), u"journal"_s);
    QVERIFY2(timer.elapsed() < 5000, qPrintable(QString::number(timer.elapsed())));
}

void TestWriters::whoOpensAndClosesAgainAndAgain()
{
    // As one who appends to a log; and the log is reached by a link.
    begin({quick.quiet, quick.settle, std::chrono::milliseconds(2000), quick.poll});
    QVERIFY(QDir(m_folder->path()).mkdir(u"real"_s));
    write(u"real/log"_s);
    QVERIFY(QFile::link(path(u"real/log"_s), path(u"log"_s)));
    watch({u"quern.toml"_s}, {u"log"_s});
    QTimer writer;
    connect(&writer, &QTimer::timeout, this, [this] {
        QFile file(path(u"log"_s));
        QVERIFY(file.open(QIODevice::Append));
        file.write("x");
    });
    writer.start(20);
    QElapsedTimer timer;
    timer.start();
    for (int i = 1; i < 4; ++i) {
        write(u"quern.toml"_s, QByteArray(i, 'x'));
        QString files;
        do
            files = told();
        while (files == u"log");
        QVERIFY2(files.contains(u"quern.toml"_s), qPrintable(files));
    }
    // It has been waited for once.
    QVERIFY2(timer.elapsed() < 5000, qPrintable(QString::number(timer.elapsed())));
}

void TestWriters::touchedWhileItIsWritten()
{
    write(u"libshop.so"_s);
    watch({u"libshop.so"_s});
    QFile file(path(u"libshop.so"_s));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    file.write("piece");
    QVERIFY(file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner));
    // Nor does it mean anything if another closes it.
    QFile other(path(u"libshop.so"_s));
    QVERIFY(other.open(QIODevice::ReadWrite));
    QVERIFY(other.setFileTime(QDateTime::currentDateTime().addDays(-1), QFileDevice::FileModificationTime));
    other.close();
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    file.close();
    QCOMPARE(told(), u"libshop.so"_s);
}

void TestWriters::withoutBeingOpened()
{
    write(u"libshop.so"_s, "all of it");
    watch({u"libshop.so"_s});
    QVERIFY(::truncate(QFile::encodeName(path(u"libshop.so"_s)).constData(), 3) == 0);
    QCOMPARE(told(), u"libshop.so"_s);
    const timespec times[] = {{0, UTIME_OMIT}, {1'700'000'000, 0}};
    QVERIFY(::utimensat(AT_FDCWD, QFile::encodeName(path(u"libshop.so"_s)).constData(), times, 0) == 0);
    QCOMPARE(told(), u"libshop.so"_s);
}

void TestWriters::anotherOfItsName()
{
    write(u"libshop.so"_s);
    watch({u"libshop.so"_s});
    QFile old(path(u"libshop.so"_s));
    QVERIFY(old.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    QVERIFY(QFile::remove(path(u"libshop.so"_s)));
    write(u"libshop.so"_s, "another");
    old.write("nobody sees it");
    QCOMPARE(told(), u"libshop.so"_s);
}

/// As with files of another user, or on NFS: it is known by events.
void TestWriters::whereNobodySaysWhoWrites()
{
    using What = DirectoryEvents::What;
    write(u"libshop.so"_s);
    write(u"made"_s, {});
    // A file that may not be read is one of which nobody says it.
    const auto hide = [this](const QString &name) {
        QCOMPARE(::chmod(QFile::encodeName(path(name)).constData(), 0), 0);
    };
    hide(u"libshop.so"_s);
    hide(u"made"_s);
    QCOMPARE(::chmod(QFile::encodeName(m_folder->path()).constData(), 0755), 0);
    if (::geteuid() == 0)
        QVERIFY(::seteuid(65534) == 0);
    const auto back = qScopeGuard([] { std::ignore = ::seteuid(0); });
    const FileStamp stamp = statusOf(path(u"libshop.so"_s))->stamp;
    const auto isWriting = [&](const Writers &writers) {
        return writers.isWriting(path(u"libshop.so"_s), stamp, false);
    };
    Writers writers(std::chrono::hours(1));
    QVERIFY(!isWriting(writers));
    writers.heard(path(u"libshop.so"_s), What::Written);
    QVERIFY(isWriting(writers));
    writers.heard(path(u"libshop.so"_s), What::Attributes);
    QVERIFY(isWriting(writers));
    writers.keepIn({m_folder->path()});
    QVERIFY(isWriting(writers));
    writers.heard(path(u"libshop.so"_s), What::Closed);
    QVERIFY(!isWriting(writers));
    writers.heard(path(u"libshop.so"_s), What::Written);
    writers.keepIn({path(u"elsewhere"_s)});
    QVERIFY(!isWriting(writers));
    writers.heard(path(u"libshop.so"_s), What::Written);
    writers.clear();
    QVERIFY(!isWriting(writers));
    writers.heard(path(u"made"_s), What::Created);
    QVERIFY(writers.isWriting(path(u"made"_s), statusOf(path(u"made"_s))->stamp, false));
    // What has content from the beginning is not written to.
    writers.heard(path(u"libshop.so"_s), What::Created);
    QVERIFY(!isWriting(writers));
    Writers impatient(std::chrono::milliseconds(0));
    impatient.heard(path(u"libshop.so"_s), What::Written);
    QVERIFY(!isWriting(impatient));
}

void TestWriters::anEmptyFileAtFirst()
{
    write(u"libshop.so"_s);
    watch({u"libshop.so"_s});
    // As ld does it.
    QVERIFY(QFile::remove(path(u"libshop.so"_s)));
    QFile file(path(u"libshop.so"_s));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    file.write("all of it");
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    file.close();
    QCOMPARE(told(), u"libshop.so"_s);
}

void TestWriters::madeWithItsContent()
{
    begin({quick.quiet, quick.settle, std::chrono::hours(1), quick.poll});
    write(u"first"_s);
    watch({}, {u"linked"_s, u"leading"_s});
    QVERIFY(::link(QFile::encodeName(path(u"first"_s)).constData(), QFile::encodeName(path(u"linked"_s)).constData()) ==
            0);
    QCOMPARE(told(), u"linked"_s);
    QVERIFY(QFile::link(path(u"first"_s), path(u"leading"_s)));
    QCOMPARE(told(), u"leading"_s);
}

void TestWriters::throughALink()
{
    QVERIFY(QDir(m_folder->path()).mkpath(u"releases/1"_s));
    write(u"releases/1/libshop.so"_s);
    QVERIFY(QFile::link(path(u"releases/1"_s), path(u"current"_s)));
    watch({u"current/libshop.so"_s});
    QFile file(path(u"current/libshop.so"_s));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    file.write("piece");
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    file.close();
    QCOMPARE(told(), u"current/libshop.so"_s);
}

void TestWriters::inADirectoryThatIsMovedAway()
{
    QVERIFY(QDir(m_folder->path()).mkpath(u"build"_s));
    write(u"build/libshop.so"_s);
    watch({u"build/libshop.so"_s});
    QFile file(path(u"build/libshop.so"_s));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    file.write("piece");
    passAWhile();
    // Nobody waits for the end of that any more.
    QVERIFY(QFile::rename(path(u"build"_s), path(u"old"_s)));
    QVERIFY(QDir(m_folder->path()).mkpath(u"new"_s));
    write(u"new/libshop.so"_s, "another");
    QVERIFY(QFile::rename(path(u"new"_s), path(u"build"_s)));
    QCOMPARE(told(), u"build/libshop.so"_s);
}

void TestWriters::theSameTimeAndSize()
{
    write(u"libshop.so"_s, "one build");
    struct stat before = {};
    QVERIFY(::stat(QFile::encodeName(path(u"libshop.so"_s)).constData(), &before) == 0);
    watch({u"libshop.so"_s});
    const int file = ::open(QFile::encodeName(path(u"libshop.so"_s)).constData(), O_WRONLY | O_CLOEXEC);
    QVERIFY(file >= 0);
    QCOMPARE(::write(file, "two build", 9), ssize_t(9));
    const timespec times[] = {before.st_atim, before.st_mtim};
    QVERIFY(::futimens(file, times) == 0);
    ::close(file);
    QCOMPARE(told(), u"libshop.so"_s);
    passAWhile();
    QVERIFY(m_spy->isEmpty());
}

QUERN_EPOLL_TEST_MAIN(TestWriters)
#include "tst_writers.moc"
