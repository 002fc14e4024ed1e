#include "watchtest.h"

#include "epolltestmain.h"

#include <QRegularExpression>
#include <QTimer>

using namespace Quern;
using namespace Quern::watch;
using namespace Qt::Literals::StringLiterals;

namespace {

QStringList messages; ///< what has been logged

/// While it lives what is logged is kept.
class Listener
{
public:
    Listener()
        : m_before(qInstallMessageHandler(
              [](QtMsgType, const QMessageLogContext &, const QString &text) { messages.append(text); }))
    {
        messages.clear();
    }
    ~Listener() { qInstallMessageHandler(m_before); }
    Q_DISABLE_COPY_MOVE(Listener)

private:
    QtMessageHandler m_before;
};

/// Those of a file system that tells of nothing.
class DeafEvents final : public DirectoryEvents
{
public:
    Result<void> setDirectories(const QSet<QString> &, const QSet<QString> &) override { return {}; }
};

WatchSystem deaf()
{
    WatchSystem system;
    system.events = std::make_unique<DeafEvents>();
    return system;
}

} // namespace

/// Where changes are told of by events, and where they have to be looked for.
class TestEventTest : public WatchTest
{
    Q_OBJECT

private Q_SLOTS:
    void init() { begin(); }
    void cleanup() { end(); }
    void types_data();
    void types();
    void fileSystems();
    void heard();
    void inTheServersOwnDirectory();
    void silent();
    void shared();
    void believed();
    void eachFileSystemOnce();
    void nothingIsToldUnlessWanted();
    void completeAfterALongerWhile();

private:
    /// What has been logged of \a place once it has.
    static QString line(const QString &place)
    {
        const auto find = [&place] { return messages.filter(QRegularExpression(place + u"( \\(|$)"_s)).value(0); };
        return QTest::qWaitFor([&] { return !find().isEmpty(); }, patience) ? find() : messages.join(u'\n');
    }
    /// Those that lie elsewhere than \a name are where they are; that one is on \a system.
    EventTest::FileSystemOf with(const QString &name, const base::FileSystem &system) const
    {
        return [directory = path(name), system](const QString &asked) {
            const bool isThere = asked == directory || asked.startsWith(directory + u'/');
            return isThere && QFile::exists(asked) ? system : base::fileSystemOf(asked);
        };
    }
    void make(const QString &directory) const { QVERIFY(QDir(m_folder->path()).mkpath(directory)); }
};

void TestEventTest::types_data()
{
    QTest::addColumn<quint64>("type");
    QTest::addColumn<QString>("name");
    QTest::newRow("NFS") << quint64(0x6969) << u"NFS"_s;
    QTest::newRow("CIFS") << quint64(0xFF534D42) << u"CIFS"_s;
    QTest::newRow("a program's") << quint64(0x65735546) << u"FUSE"_s;
    QTest::newRow("a virtual machine's host") << quint64(0x01021997) << u"9p"_s;
    QTest::newRow("ext4") << quint64(0xEF53) << QString();
    QTest::newRow("overlay") << quint64(0x794C7630) << QString();
    QTest::newRow("tmpfs") << quint64(0x01021994) << QString();
}

void TestEventTest::types()
{
    QFETCH(quint64, type);
    QTEST(base::sharedTypeName(type), "name");
}

void TestEventTest::fileSystems()
{
    const std::optional<base::FileSystem> here = base::fileSystemOf(m_folder->path());
    const std::optional<base::FileSystem> processes = base::fileSystemOf(u"/proc"_s);
    QVERIFY(here && processes);
    QVERIFY(here->device != processes->device);
    QVERIFY(processes->sharedType.isEmpty());
    QVERIFY(!base::fileSystemOf(path(u"none"_s)));
}

void TestEventTest::heard()
{
    const Listener listener;
    make(u"src/a"_s);
    watch({}, {u"src"_s});
    QCOMPARE(line(path(u"src"_s)), u"watched by events: "_s + path(u"src"_s));
    // The test was no change, and is over without a trace.
    passAWhile();
    QVERIFY(m_spy->isEmpty());
    for (const QString &directory : {path({}), path(u"src"_s), path(u"src/a"_s)})
        QCOMPARE(QDir(directory).entryList(QDir::Files | QDir::Hidden), QStringList());
    // It is not tested again for a new directory.
    make(u"src/b"_s);
    write(u"src/b/f"_s);
    QCOMPARE(told(), u"src/b/f"_s);
    QCOMPARE(messages.filter(u"events: "_s + m_folder->path()).size(), 1);
}

void TestEventTest::inTheServersOwnDirectory()
{
    const Listener listener;
    make(u"src"_s);
    make(u"run"_s);
    DirectoryEvents seen;
    QVERIFY(seen.setDirectories({m_folder->path(), path(u"src"_s), path(u"run"_s)}));
    QSet<QString> places;
    connect(&seen, &DirectoryEvents::happened, this, [&places](const QString &name) {
        places.insert(name.left(name.lastIndexOf(u'/')));
        QVERIFY2(name.contains(u"/.quern-watch-"), qPrintable(name));
    });
    m_watch->watch({.paths = {path(u"src"_s)}, .ignored = {path(u"run"_s)}, .own = path(u"run"_s)});
    line(path(u"src"_s));
    seen.read();
    QCOMPARE(places, QSet<QString>{path(u"run"_s)});
}

void TestEventTest::silent()
{
    begin({.quiet = quick.quiet, .settle = quick.settle, .poll = quick.poll, .test = std::chrono::milliseconds(200)},
          deaf());
    QSignalSpy polling(m_watch.get(), &FileWatch::pollingChanged);
    const Listener listener;
    watch({u"quern.toml"_s});
    QVERIFY2(
        line(m_folder->path())
            .contains(QRegularExpression(u"^looked at every 0.1 s: %1 \\(no event has told of the test file "
                                         "%1/.quern-watch-[A-Za-z0-9]{6} within 0.2 s\\)$"_s.arg(path({}).chopped(1)))),
        qPrintable(messages.join(u'\n')));
    QCOMPARE(polling.size(), 1);
    QVERIFY(polling.first().first().toBool());
    QCOMPARE(QDir(m_folder->path()).entryList(QDir::Files | QDir::Hidden), QStringList());
    write(u"quern.toml"_s);
    QCOMPARE(told(), u"quern.toml"_s);
}

void TestEventTest::shared()
{
    make(u"far/a"_s);
    make(u"near"_s);
    WatchSystem system = deaf();
    system.fileSystemOf = with(u"far"_s, {.device = 7, .sharedType = u"NFS"_s});
    begin({.quiet = quick.quiet, .settle = quick.settle, .poll = quick.poll, .test = std::chrono::hours(1)},
          std::move(system));
    DirectoryEvents seen;
    QVERIFY(seen.setDirectories({path(u"far"_s), path(u"far/a"_s)}));
    QSignalSpy happened(&seen, &DirectoryEvents::happened);
    QSignalSpy polling(m_watch.get(), &FileWatch::pollingChanged);
    const Listener listener;
    watch({}, {u"far"_s, u"near"_s});
    // That is known at once, whatever becomes of the test of the other one. Nothing is written there.
    QCOMPARE(polling.size(), 1);
    seen.read();
    QVERIFY(happened.isEmpty());
    write(u"far/a/f"_s);
    QCOMPARE(told(), u"far/a/f"_s);
    // Without it there is nothing to look for.
    watch({}, {u"near"_s});
    QCOMPARE(polling.size(), 2);
    QVERIFY(!polling.last().first().toBool());
}

void TestEventTest::believed()
{
    begin({.quiet = quick.quiet,
           .settle = quick.settle,
           .poll = std::chrono::hours(1),
           .slowPoll = std::chrono::milliseconds(200)},
          deaf());
    QSignalSpy polling(m_watch.get(), &FileWatch::pollingChanged);
    const Listener listener;
    write(u"quern.toml"_s);
    {
        const NoFiles none;
        watch({u"quern.toml"_s});
    }
    QCOMPARE(line(m_folder->path()), u"watched by events, and looked at every 0.2 s: %1 (no file can be made there to "
                                     "try them)"_s.arg(m_folder->path()));
    QVERIFY(polling.isEmpty());
    write(u"quern.toml"_s, "xy");
    QCOMPARE(told(), u"quern.toml"_s);
}

void TestEventTest::eachFileSystemOnce()
{
    make(u"far/a"_s);
    make(u"near"_s);
    WatchSystem system;
    system.fileSystemOf = with(u"far"_s, {.device = 7, .sharedType = {}});
    begin(quick, std::move(system));
    const Listener listener;
    watch({}, {u"near"_s});
    line(path(u"near"_s));
    QCOMPARE(messages.size(), 1);
    // Another plan: what is known is not tested again, and what is new is.
    watch({}, {u"near"_s, u"far"_s});
    QCOMPARE(line(path(u"far"_s)), u"watched by events: "_s + path(u"far"_s));
    QCOMPARE(messages.size(), 2);
    // So is what comes later under the same plan.
    QVERIFY(QDir(path(u"far"_s)).removeRecursively());
    write(u"near/f"_s);
    QCOMPARE(told(), u"near/f"_s);
    make(u"far/b"_s);
    QTRY_COMPARE_WITH_TIMEOUT(messages.filter(path(u"far"_s)).size(), 2, patience);
    QCOMPARE(messages.size(), 3);
}

void TestEventTest::nothingIsToldUnlessWanted()
{
    const Listener listener;
    WatchSystem system;
    system.fileSystemOf = with(u"src"_s, {.device = 7, .sharedType = u"NFS"_s});
    begin(quick, std::move(system));
    m_watch->watch({.paths = {path(u"src"_s)}, .isLogged = false});
    make(u"src"_s);
    write(u"src/f"_s);
    QCOMPARE(told(), u"src/f"_s);
    QCOMPARE(messages, QStringList());
}

void TestEventTest::completeAfterALongerWhile()
{
    WatchSystem system = deaf();
    make(u"far"_s);
    system.fileSystemOf = with(u"far"_s, {.device = 7, .sharedType = u"NFS"_s});
    constexpr std::chrono::milliseconds poll(600);
    begin({.quiet = quick.quiet, .settle = quick.settle, .poll = poll}, std::move(system));
    watch({}, {u"far"_s});
    // Nobody knows of a file there that is being written that it is, and it pauses.
    QFile file(path(u"far/libshop.so"_s));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
    int pieces = 0;
    QTimer writer;
    connect(&writer, &QTimer::timeout, this, [&] {
        file.write("piece");
        if (++pieces == 12)
            writer.stop();
    });
    writer.start(poll / 3);
    QTRY_COMPARE_WITH_TIMEOUT(pieces, 12, patience);
    QVERIFY(m_spy->isEmpty());
    QCOMPARE(told(), u"far/libshop.so"_s);
}

QUERN_EPOLL_TEST_MAIN(TestEventTest)
#include "tst_eventtest.moc"
