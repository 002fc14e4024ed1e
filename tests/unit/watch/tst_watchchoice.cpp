#include "watchtest.h"

#include "epolltestmain.h"

#include <QRegularExpression>
#include <QTimer>

using namespace Quern;
using namespace Quern::watch;
using namespace Qt::Literals::StringLiterals;

/// Which files in a directory are watched, and which of its directories are looked into.
class TestWatchChoice : public WatchTest
{
    Q_OBJECT

private Q_SLOTS:
    void init() { begin(); }
    void cleanup() { end(); }
    void onlySomeTypes();
    void whatIsNamedIsOfAnyType();
    void otherTypesDelayNobody();
    void excludedDirectories();
    void excludedDirectoriesCostNothing();
    void anotherChoiceIsNoChange();

private:
    /// All of "src", but for what \a choice says.
    void watchSource(const WatchPlan &choice)
    {
        WatchPlan plan = choice;
        plan.paths.prepend(path(u"src"_s));
        m_watch->watch(plan);
    }
    void make(const QString &directory) const { QVERIFY(QDir(m_folder->path()).mkpath(directory)); }
};

void TestWatchChoice::onlySomeTypes()
{
    make(u"src/a.d"_s);
    watchSource({.types = {u".so"_s, u".html"_s}});
    for (const QString &name : {u"src/notes.txt"_s, u"src/a.d/so"_s, u"src/a.d/page.html~"_s, u"src/.so"_s})
        write(name);
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    write(u"src/a.d/page.html"_s);
    write(u"src/libshop.so"_s);
    QCOMPARE(told(), u"src/a.d/page.html src/libshop.so"_s);
    // A directory has no type.
    make(u"src/b/c"_s);
    write(u"src/b/c/page.html"_s);
    write(u"src/b/c/page.txt"_s);
    QCOMPARE(told(), u"src/b/c/page.html"_s);
    QVERIFY(QFile::remove(path(u"src/notes.txt"_s)));
    QVERIFY(QFile::rename(path(u"src/libshop.so"_s), path(u"src/libshop.so.1"_s)));
    QCOMPARE(told(), u"src/libshop.so"_s);
}

void TestWatchChoice::whatIsNamedIsOfAnyType()
{
    make(u"src"_s);
    watchSource({.files = {path(u"src/quern.toml"_s)}, .paths = {path(u"src/notes.txt"_s)}, .types = {u".so"_s}});
    write(u"src/notes.txt"_s);
    QCOMPARE(told(), u"src/notes.txt"_s);
    write(u"src/quern.toml"_s);
    QCOMPARE(told(), u"src/quern.toml"_s);
}

void TestWatchChoice::otherTypesDelayNobody()
{
    begin({quick.quiet, quick.settle, std::chrono::hours(1), quick.poll});
    make(u"src"_s);
    watchSource({.types = {u".so"_s}});
    QFile file(path(u"src/journal"_s));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    QTimer writer;
    connect(&writer, &QTimer::timeout, this, [&file] { file.write("x"); });
    writer.start(int(quick.quiet.count() / 4));
    write(u"src/libshop.so"_s);
    QCOMPARE(told(), u"src/libshop.so"_s);
}

void TestWatchChoice::excludedDirectories()
{
    for (const QString &directory : {u"src/web/node_modules/x"_s, u"src/build/x"_s, u"src/web/build"_s})
        make(directory);
    watchSource({.paths = {path(u"src/web/node_modules/x/mine"_s)},
                 .excluded = {u"node_modules"_s, path(u"src/build"_s), path(u"src/later"_s)}});
    make(u"src/later/x"_s);
    make(u"src/node_modules"_s);
    for (const QString &name : {u"src/web/node_modules/x/f"_s, u"src/build/x/f"_s, u"src/build/f"_s, u"src/later/x/f"_s,
                                u"src/node_modules/f"_s})
        write(name);
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    // What is named by itself is watched wherever it is, and a file is no directory.
    make(u"src/web/node_modules/x/mine"_s);
    write(u"src/web/node_modules/x/mine/f"_s);
    write(u"src/web/build/f"_s);
    write(u"src/web/build/node_modules"_s);
    QCOMPARE(told(), u"src/web/build/f src/web/build/node_modules src/web/node_modules/x/mine/f"_s);
}

void TestWatchChoice::excludedDirectoriesCostNothing()
{
    make(u"src/node_modules"_s);
    const QDir modules(path(u"src/node_modules"_s));
    for (int i = 0; i < int(FileScan::MostDirectories) + 1; ++i)
        QVERIFY(modules.mkdir(QString::number(i)));
    for (int i = 0; i < int(FileScan::MostFiles) + 1; ++i) {
        QFile file(modules.filePath(u"f%1"_s.arg(i)));
        QVERIFY(file.open(QIODevice::WriteOnly));
    }
    WatchPlan plan;
    plan.paths = {path(u"src"_s)};
    const FileScan whole = scanFiles(plan);
    QVERIFY(!whole.isWhole);
    plan.excluded = {u"node_modules"_s};
    const FileScan scan = scanFiles(plan);
    QVERIFY(scan.isWhole);
    QCOMPARE(scan.trees, QSet<QString>{path(u"src"_s)});
    QVERIFY(scan.files.isEmpty());
}

void TestWatchChoice::anotherChoiceIsNoChange()
{
    make(u"src/cache"_s);
    for (const QString &name : {u"src/notes.txt"_s, u"src/cache/f"_s, u"src/libshop.so"_s})
        write(name);
    watchSource({});
    watchSource({.ignored = {path(u"src/libshop.so"_s)}, .types = {u".so"_s}, .excluded = {u"cache"_s}});
    watchSource({});
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    // It is watched again.
    write(u"src/cache/f"_s, "xy");
    QCOMPARE(told(), u"src/cache/f"_s);
}

QUERN_EPOLL_TEST_MAIN(TestWatchChoice)
#include "tst_watchchoice.moc"
