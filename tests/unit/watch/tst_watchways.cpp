#include "watchtest.h"

#include "epolltestmain.h"

#include <QRegularExpression>
#include <QScopeGuard>

#include <sys/stat.h>
#include <unistd.h>

#include <tuple>
#include <utility>

using namespace Quern;
using namespace Quern::watch;
using namespace Qt::Literals::StringLiterals;

/// Files are watched by their names, whatever becomes of the directories and links on the way to them.
class TestWatchWays : public WatchTest
{
    Q_OBJECT

private Q_SLOTS:
    void init() { begin(); }
    void cleanup() { end(); }
    void aDirectoryThatIsReplaced_data();
    void aDirectoryThatIsReplaced();
    void linksInADirectory();
    void whatIsIgnoredByAnotherName();
    void aDirectoryThatMayOnlyBePassed();
    void whatCannotBeLookedAt();
    void unknownAtFirst();
    void anotherPlanOfTheSameDirectory();

private:
    void make(const QString &directory) const { QVERIFY(QDir(m_folder->path()).mkpath(directory)); }
    void link(const QString &target, const QString &name) const
    {
        QFile::remove(path(name));
        QVERIFY(::symlink(QFile::encodeName(target).constData(), QFile::encodeName(path(name)).constData()) == 0);
    }
};

void TestWatchWays::aDirectoryThatIsReplaced_data()
{
    QTest::addColumn<QString>("directory");
    QTest::newRow("its own") << u"srv/app/build"_s;
    QTest::newRow("above it") << u"srv/app"_s;
    QTest::newRow("above that") << u"srv"_s;
}

void TestWatchWays::aDirectoryThatIsReplaced()
{
    QFETCH(QString, directory);
    const QString below = u"srv/app/build"_s.mid(directory.size());
    make(u"srv/app/build"_s);
    make(u"new"_s + below);
    const QString file = u"srv/app/build/libshop.so"_s;
    write(file);
    write(u"new"_s + below + u"/libshop.so"_s, "another");
    watch({file});
    QVERIFY(QFile::rename(path(directory), path(u"old"_s)));
    QVERIFY(QFile::rename(path(u"new"_s), path(directory)));
    QCOMPARE(told(), file);
    // It is watched where it is now, and there alone.
    write(file, "and again");
    QCOMPARE(told(), file);
    write(u"old"_s + below + u"/libshop.so"_s, "nobody asks");
    passAWhile();
    QVERIFY(m_spy->isEmpty());
}

void TestWatchWays::linksInADirectory()
{
    make(u"templates"_s);
    make(u"shared"_s);
    write(u"shared/page"_s);
    link(u"../shared/page"_s, u"templates/page"_s);
    // As a pod has its configuration.
    for (const QString &version : {u"templates/..1"_s, u"templates/..2"_s}) {
        make(version);
        write(version + u"/rates"_s, version.toUtf8());
    }
    link(u"..1"_s, u"templates/..data"_s);
    link(u"..data/rates"_s, u"templates/rates"_s);
    watch({}, {u"templates"_s});
    write(u"shared/page"_s, "xy");
    QCOMPARE(told(), u"templates/page"_s);
    link(u"..2"_s, u"templates/..new"_s);
    QCOMPARE(::rename(QFile::encodeName(path(u"templates/..new"_s)).constData(),
                      QFile::encodeName(path(u"templates/..data"_s)).constData()),
             0);
    QCOMPARE(told(), u"templates/rates"_s);
    // One that leads to nothing for now, and one to a directory.
    link(u"../shared/later"_s, u"templates/later"_s);
    link(u"../shared"_s, u"templates/all"_s);
    passAWhile();
    write(u"shared/later"_s);
    QCOMPARE(told(), u"templates/later"_s);
}

void TestWatchWays::whatIsIgnoredByAnotherName()
{
    make(u"releases/1/run"_s);
    link(u"releases/1"_s, u"current"_s);
    m_watch->watch({.paths = {path(u"current"_s)},
                    .ignored = {path(u"releases/1/server.log"_s)},
                    .ignoredDirectories = {path(u"releases/1/run"_s)}});
    for (const QString &name : {u"server.log"_s, u"server.log.1"_s, u"run/pid"_s})
        write(u"releases/1/"_s + name);
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    write(u"current/page"_s);
    QCOMPARE(told(), u"current/page"_s);
    // And the other way round.
    m_watch->watch({.paths = {path(u"releases"_s)}, .ignored = {path(u"current/server.log"_s)}});
    write(u"releases/1/server.log"_s, "more");
    write(u"releases/1/page"_s, "more");
    QCOMPARE(told(), u"releases/1/page"_s);
}

void TestWatchWays::aDirectoryThatMayOnlyBePassed()
{
    if (::geteuid() != 0)
        QSKIP("only root can become somebody else for a while");
    make(u"closed"_s);
    write(u"closed/libshop.so"_s);
    for (const auto &[name, mode] : {std::pair(QString(), 0755), {u"closed"_s, 0711}, {u"closed/libshop.so"_s, 0666}})
        QCOMPARE(::chmod(QFile::encodeName(path(name)).constData(), mode_t(mode)), 0);
    QSignalSpy polling(m_watch.get(), &FileWatch::pollingChanged);
    QTest::ignoreMessage(
        QtInfoMsg, QRegularExpression(u"^looked at every 0.1 s: %1 \\(Permission denied\\)$"_s.arg(path(u"closed"_s))));
    QVERIFY(::seteuid(65534) == 0);
    const auto back = qScopeGuard([] { std::ignore = ::seteuid(0); });
    watch({u"closed/libshop.so"_s});
    QCOMPARE(polling.size(), 1);
    write(u"closed/libshop.so"_s, "another");
    QCOMPARE(told(), u"closed/libshop.so"_s);
}

void TestWatchWays::whatCannotBeLookedAt()
{
    FileScan before;
    before.files = {{u"/far/a/page"_s, {}}, {u"/far/page"_s, {}}, {u"/near/page"_s, {}}};
    before.trees = {u"/far"_s, u"/far/a"_s, u"/far/a/b"_s, u"/near"_s};
    FileScan scan;
    scan.trees = {u"/far"_s};
    scan.unsure.insert(u"/far/a"_s, u"Transport endpoint is not connected"_s);
    QVERIFY(scan.isUnsure(u"/far/a"_s));
    QVERIFY(scan.isUnsure(u"/far/a/b/page"_s));
    QVERIFY(!scan.isUnsure(u"/far/ab"_s));
    // What is there stays, and what has gone elsewhere has gone.
    scan.keep(before);
    QCOMPARE(scan.files.keys(), QStringList{u"/far/a/page"_s});
    QCOMPARE(scan.trees, (QSet<QString>{u"/far"_s, u"/far/a"_s, u"/far/a/b"_s}));
}

void TestWatchWays::unknownAtFirst()
{
    make(u"src"_s);
    write(u"src/page"_s);
    {
        const NoFiles none;
        watch({}, {u"src"_s});
    }
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    write(u"src/page"_s, "another");
    QCOMPARE(told(), u"src/page"_s);
}

void TestWatchWays::anotherPlanOfTheSameDirectory()
{
    make(u"src"_s);
    make(u"web"_s);
    write(u"web/page"_s);
    watch({}, {u"src"_s});
    make(u"src/a"_s);
    write(u"src/a/new"_s);
    // Nothing has been told of that yet.
    watch({}, {u"src"_s, u"web"_s});
    QCOMPARE(told(), u"src/a/new"_s);
    passAWhile();
    QVERIFY(m_spy->isEmpty());
}

QUERN_EPOLL_TEST_MAIN(TestWatchWays)
#include "tst_watchways.moc"
