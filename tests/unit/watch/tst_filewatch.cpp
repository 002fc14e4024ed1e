#include "watchtest.h"

#include "epolltestmain.h"

#include <QDateTime>
#include <QRegularExpression>
#include <QTimer>

#include <unistd.h>

using namespace Quern;
using namespace Quern::watch;
using namespace Qt::Literals::StringLiterals;

/// Which changes of files are told, and when.
class TestFileWatch : public WatchTest
{
    Q_OBJECT

private Q_SLOTS:
    void init() { begin(); }
    void cleanup() { end(); }
    void written();
    void replacedByRename();
    void touched();
    void aBurstIsOneChange();
    void onceItIsComplete();
    void neededFilesComeBack();
    void othersMayGo();
    void whatIsNotThereYet();
    void newDirectories();
    void directoriesMadeAnew();
    void linksOnTheWay_data();
    void linksOnTheWay();
    void whatIsLeftOut();
    void anEndlessWriterKeepsNobodyWaiting();
    void anotherPlan();
    void bounds();
    void withoutEvents();
    void whatCannotBeSeenHasNotGone();
};

void TestFileWatch::written()
{
    write(u"quern.toml"_s);
    watch({u"quern.toml"_s});
    write(u"quern.toml"_s, "xy");
    QCOMPARE(told(), u"quern.toml"_s);
    write(u"beside"_s);
    write(u"quern.toml"_s, "yz");
    QCOMPARE(told(), u"quern.toml"_s);
    QVERIFY(m_spy->isEmpty());
}

void TestFileWatch::replacedByRename()
{
    write(u"libshop.so"_s);
    watch({u"libshop.so"_s});
    write(u".libshop.so.tmp"_s);
    QVERIFY(QFile::remove(path(u"libshop.so"_s)));
    QVERIFY(QFile::rename(path(u".libshop.so.tmp"_s), path(u"libshop.so"_s)));
    QCOMPARE(told(), u"libshop.so"_s);
}

void TestFileWatch::touched()
{
    write(u"quern.toml"_s);
    watch({u"quern.toml"_s});
    QFile file(path(u"quern.toml"_s));
    QVERIFY(file.open(QIODevice::ReadWrite));
    QVERIFY(file.setFileTime(QDateTime::currentDateTime().addDays(-1), QFileDevice::FileModificationTime));
    file.close();
    QCOMPARE(told(), u"quern.toml"_s);
    // Whoever reads, or changes nothing, is no change.
    QVERIFY(file.open(QIODevice::ReadOnly));
    file.readAll();
    file.close();
    QVERIFY(file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner));
    passAWhile();
    QVERIFY(m_spy->isEmpty());
}

void TestFileWatch::aBurstIsOneChange()
{
    QVERIFY(QDir(m_folder->path()).mkdir(u"src"_s));
    watch({}, {u"src"_s});
    QStringList expected;
    for (int i = 0; i < 20; ++i) {
        expected.append(u"src/"_s + QString::number(10 + i));
        write(expected.last());
    }
    for (int i = 0; i < 20; ++i)
        write(u"src/17"_s, QByteArray(i, 'y'));
    QCOMPARE(told(), expected.join(u' '));
    passAWhile();
    QVERIFY(m_spy->isEmpty());
}

void TestFileWatch::onceItIsComplete()
{
    write(u"libshop.so"_s);
    watch({u"libshop.so"_s});
    QFile file(path(u"libshop.so"_s));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    for (int piece = 0; piece < 3; ++piece) {
        QCOMPARE(file.write("piece"), 5);
        passAWhile();
        QVERIFY(m_spy->isEmpty());
    }
    file.close();
    QCOMPARE(told(), u"libshop.so"_s);
}

void TestFileWatch::neededFilesComeBack()
{
    write(u"libshop.so"_s);
    watch({u"libshop.so"_s});
    QVERIFY(QFile::remove(path(u"libshop.so"_s)));
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    write(u"libshop.so"_s, "the next");
    QCOMPARE(told(), u"libshop.so"_s);
}

void TestFileWatch::othersMayGo()
{
    write(u".env"_s);
    watch({}, {u".env"_s});
    QVERIFY(QFile::remove(path(u".env"_s)));
    QCOMPARE(told(), u".env"_s);
    write(u".env"_s);
    QCOMPARE(told(), u".env"_s);
}

void TestFileWatch::whatIsNotThereYet()
{
    watch({}, {u"conf/a/b.json"_s});
    QVERIFY(QDir(m_folder->path()).mkpath(u"conf/a"_s));
    write(u"conf/a/b.json"_s);
    QCOMPARE(told(), u"conf/a/b.json"_s);
    QVERIFY(QDir(path(u"conf"_s)).removeRecursively());
    QCOMPARE(told(), u"conf/a/b.json"_s);
    QVERIFY(QDir(m_folder->path()).mkdir(u"conf"_s));
    passAWhile();
    QVERIFY(QDir(m_folder->path()).mkpath(u"conf/a"_s));
    write(u"conf/a/b.json"_s);
    QCOMPARE(told(), u"conf/a/b.json"_s);
    QVERIFY(m_spy->isEmpty());
}

void TestFileWatch::newDirectories()
{
    QVERIFY(QDir(m_folder->path()).mkdir(u"src"_s));
    watch({}, {u"src"_s});
    QVERIFY(QDir(m_folder->path()).mkpath(u"src/a/b/c"_s));
    write(u"src/a/b/c/deep"_s);
    QCOMPARE(told(), u"src/a/b/c/deep"_s);
    // That it is watched itself, and was not only found.
    write(u"src/a/b/c/deep"_s, "xy");
    QCOMPARE(told(), u"src/a/b/c/deep"_s);
    QVERIFY(QDir(m_folder->path()).mkpath(u"elsewhere/d"_s));
    write(u"elsewhere/d/moved"_s);
    QVERIFY(QFile::rename(path(u"elsewhere"_s), path(u"src/arrived"_s)));
    QCOMPARE(told(), u"src/arrived/d/moved"_s);
}

void TestFileWatch::directoriesMadeAnew()
{
    QVERIFY(QDir(m_folder->path()).mkpath(u"src/a"_s));
    write(u"src/a/f"_s);
    watch({}, {u"src"_s});
    QVERIFY(QFile::rename(path(u"src"_s), path(u"old"_s)));
    QVERIFY(QDir(m_folder->path()).mkpath(u"src/a"_s));
    write(u"src/a/f"_s, "another");
    QCOMPARE(told(), u"src/a/f"_s);
    write(u"old/a/f"_s, "nobody asks");
    write(u"src/a/f"_s, "and again");
    QCOMPARE(told(), u"src/a/f"_s);
    passAWhile();
    QVERIFY(m_spy->isEmpty());
}

void TestFileWatch::linksOnTheWay_data()
{
    QTest::addColumn<QStringList>("links"); ///< "link target", made before the last of them is replaced
    QTest::addColumn<QString>("file");
    QTest::newRow("a release") << QStringList{u"current releases/1"_s, u"current releases/2"_s}
                               << u"current/libshop.so"_s;
    QTest::newRow("a configuration map") << QStringList{u"data releases/1"_s, u"libshop.so data/libshop.so"_s,
                                                        u"data releases/2"_s}
                                         << u"libshop.so"_s;
    QTest::newRow("absolute") << QStringList{u"current /releases/1"_s, u"current /releases/2"_s}
                              << u"current/libshop.so"_s;
    QTest::newRow("upwards") << QStringList{u"releases/3 ../releases/1"_s, u"releases/3 ../releases/2"_s}
                             << u"releases/3/libshop.so"_s;
    QTest::newRow("a link in the end") << QStringList{u"libshop.so releases/1/libshop.so"_s,
                                                      u"libshop.so releases/2/libshop.so"_s}
                                       << u"libshop.so"_s;
}

void TestFileWatch::linksOnTheWay()
{
    QFETCH(QStringList, links);
    QFETCH(QString, file);
    for (const QString &release : {u"releases/1"_s, u"releases/2"_s}) {
        QVERIFY(QDir(m_folder->path()).mkpath(release));
        write(release + u"/libshop.so"_s);
    }
    const auto makeLink = [this](const QString &link) {
        const QString name = link.section(u' ', 0, 0);
        QString target = link.section(u' ', 1);
        if (target.startsWith(u'/'))
            target.prepend(m_folder->path());
        QFile::remove(path(name));
        QVERIFY(::symlink(QFile::encodeName(target).constData(), QFile::encodeName(path(name)).constData()) == 0);
    };
    const QString last = links.takeLast();
    for (const QString &link : links)
        makeLink(link);
    watch({file});
    makeLink(last);
    QCOMPARE(told(), file);
    write(u"releases/2/libshop.so"_s, "what it leads to now");
    QCOMPARE(told(), file);
    write(u"releases/1/libshop.so"_s, "what it led to");
    passAWhile();
    QVERIFY(m_spy->isEmpty());
}

void TestFileWatch::whatIsLeftOut()
{
    QVERIFY(QDir(m_folder->path()).mkpath(u"src/run"_s));
    QVERIFY(QDir(m_folder->path()).mkpath(u"src/.git"_s));
    QVERIFY(QDir(m_folder->path()).mkpath(u"beside/far"_s));
    m_watch->watch({.files = {path(u"src/server.toml"_s)},
                    .paths = {path(u"src"_s)},
                    .ignored = {path(u"src/server"_s)},
                    .ignoredDirectories = {path(u"src/run"_s)}});
    for (const QString &name : {u"src/run/pid"_s, u"src/.git/index"_s, u"src/.page.swp"_s, u"src/page~"_s,
                                u"src/server"_s, u"src/server.1"_s, u"src/server-wal"_s, u"beside/far/f"_s})
        write(name);
    QVERIFY(QFile::link(path(u"beside"_s), path(u"src/link"_s)));
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    // It looks like a log file, and is needed.
    write(u"src/server.toml"_s);
    write(u"src/servers"_s);
    write(u"src/running"_s);
    write(u"src/run.html"_s);
    QCOMPARE(told(), u"src/run.html src/running src/server.toml src/servers"_s);
}

void TestFileWatch::anEndlessWriterKeepsNobodyWaiting()
{
    begin({quick.quiet, quick.settle, std::chrono::milliseconds(1000), quick.poll});
    QVERIFY(QDir(m_folder->path()).mkdir(u"src"_s));
    write(u"src/endless"_s);
    watch({}, {u"src"_s});
    QFile file(path(u"src/endless"_s));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    QTimer writer;
    connect(&writer, &QTimer::timeout, this, [&file] { file.write("x"); });
    writer.start(20);
    write(u"src/page"_s);
    QCOMPARE(told(), u"src/page"_s);
    write(u"src/page"_s, "the next");
    QCOMPARE(told(), u"src/page"_s);
    // Whoever has it open may go on, however long he pauses.
    writer.stop();
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    file.close();
    QCOMPARE(told(), u"src/endless"_s);
}

void TestFileWatch::anotherPlan()
{
    write(u"a"_s);
    write(u"b"_s);
    write(u"c"_s);
    write(u"d"_s);
    watch({u"a"_s, u"b"_s}, {u"d"_s});
    write(u"a"_s, "xy");
    write(u"b"_s, "xy");
    QVERIFY(QFile::remove(path(u"d"_s)));
    // Nothing has been told yet. What is new is known.
    write(u"c"_s, "xy");
    watch({u"b"_s, u"c"_s}, {u"d"_s});
    QCOMPARE(told(), u"b d"_s);
    write(u"a"_s, "yz");
    write(u"c"_s, "yz");
    QCOMPARE(told(), u"c"_s);
    passAWhile();
    QVERIFY(m_spy->isEmpty());
}

void TestFileWatch::bounds()
{
    const QDir folder(m_folder->path());
    for (int i = 0; i < int(watch::FileScan::MostDirectories) + 1; ++i)
        QVERIFY(folder.mkdir(QString::number(i)));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"^\"?not everything is watched for changes: there are more "
                                                          "than 1000 directories or 20000 files; name fewer in "
                                                          "reload.paths"_s));
    m_watch->watch({{path(u"quern.toml"_s)}, {m_folder->path()}, {}});
    // What is named by itself is watched nevertheless; and the warning does not come again.
    QTest::failOnWarning(QRegularExpression(u".*"_s));
    write(u"quern.toml"_s);
    QCOMPARE(told(), u"quern.toml"_s);
    QVERIFY(folder.rmdir(u"0"_s));
    QVERIFY(folder.rmdir(u"1"_s));
    write(u"new"_s);
    QCOMPARE(told(), u"new"_s);
}

void TestFileWatch::withoutEvents()
{
    write(u"quern.toml"_s);
    QTest::ignoreMessage(
        QtWarningMsg, QRegularExpression(u"^cannot watch files \\(see fs.inotify.max_user_instances, and the limit of "
                                         "open files\\): .*; "
                                         "files are looked at every 0.1 s instead$"_s));
    {
        const NoFiles none;
        watch({u"quern.toml"_s});
    }
    write(u"quern.toml"_s, "xy");
    QCOMPARE(told(), u"quern.toml"_s);
    // There are some again.
    write(u"quern.toml"_s, "xyz");
    QCOMPARE(told(), u"quern.toml"_s);
}

void TestFileWatch::whatCannotBeSeenHasNotGone()
{
    QVERIFY(QDir(m_folder->path()).mkdir(u"src"_s));
    write(u"src/page"_s);
    write(u"src/other"_s);
    watch({}, {u"src"_s});
    QVERIFY(QFile::remove(path(u"src/other"_s)));
    {
        const NoFiles none;
        QTest::qWait(int((quick.quiet + quick.settle).count()) * 3); // that something is not told has no sign
    }
    QCOMPARE(told(), u"src/other"_s);
}

QUERN_EPOLL_TEST_MAIN(TestFileWatch)
#include "tst_filewatch.moc"
