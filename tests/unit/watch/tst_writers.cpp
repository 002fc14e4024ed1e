#include "watchtest.h"

#include "epolltestmain.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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
    void anEmptyFileAtFirst();
    void anEmptyFileAndNoMore();
    void madeWithItsContent();
    void throughALink();
    void inADirectoryThatIsMovedAway();
    void theSameTimeAndSize();
    void whatHasBeenLost();
};

void TestWriters::whoPausesForLongerThanAnybodyWaits()
{
    write(u"libshop.so"_s);
    write(u"quern.toml"_s);
    watch({u"libshop.so"_s, u"quern.toml"_s});
    QFile file(path(u"libshop.so"_s));
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
    QCOMPARE(told(), u"libshop.so"_s);
}

void TestWriters::anEmptyFileAtFirst()
{
    begin(); // who makes a file is not waited for without an end
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

void TestWriters::anEmptyFileAndNoMore()
{
    QVERIFY(QDir(m_folder->path()).mkdir(u"src"_s));
    watch({}, {u"src"_s});
    QFile file(path(u"src/stamp"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(told(), u"src/stamp"_s);
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

void TestWriters::whatHasBeenLost()
{
    Writers writers;
    const QString file = path(u"libshop.so"_s);
    write(u"libshop.so"_s);
    const FileId id = statusOf(file)->stamp.id;
    writers.heard(file, DirectoryEvents::What::Written);
    QVERIFY(writers.isWriting(id));
    writers.keepIn({m_folder->path()});
    QVERIFY(writers.isWriting(id));
    writers.keepIn({path(u"elsewhere"_s)});
    QVERIFY(!writers.isWriting(id));
    writers.heard(file, DirectoryEvents::What::Written);
    writers.clear();
    QVERIFY(!writers.isWriting(id));
}

QUERN_EPOLL_TEST_MAIN(TestWriters)
#include "tst_writers.moc"
