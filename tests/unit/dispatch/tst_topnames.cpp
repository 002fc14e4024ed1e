#include "dispatch/topnames.h"
#include "filesupport.h"

#include "base/filedescriptor.h"

#include <QThread>

#include <ctime>

using namespace FileTest;
using namespace Quern;
using dispatch::TopNames;

/// What is known of a folder without looking for each name, and that it is never wrong.
class TestTopNames : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void learnsWhatIsThere();
    void newNamesAreSeenWithTheNextTick();
    void namesOfManyKinds_data();
    void namesOfManyKinds();
    void tooManyNames();
    void fileSystemWithoutChangeTimes();

private:
    static void awaitTick()
    {
        const base::MonotonicTime before = base::coarseNow();
        while (base::coarseNow() == before)
            QThread::yieldCurrentThread();
    }
    bool mayHold(const QByteArray &path) { return m_names->mayHold(m_fd.get(), path); }

    std::unique_ptr<Folder> m_folder;
    base::FileDescriptor m_fd;
    std::unique_ptr<TopNames> m_names;
};

void TestTopNames::init()
{
    m_folder = std::make_unique<Folder>();
    m_folder->add(QStringLiteral("Index.html"), "x");
    m_folder->add(QStringLiteral("assets/a.css"), "x");
    m_fd = base::FileDescriptor(::open(QFile::encodeName(m_folder->path()).constData(), O_PATH | O_DIRECTORY));
    m_names = TopNames::of(m_fd.get());
    QVERIFY(m_names);           // of the system's temporary folder
    QVERIFY(mayHold("absent")); // the folder has just changed
    QTRY_VERIFY(!mayHold("absent"));
}

void TestTopNames::learnsWhatIsThere()
{
    QVERIFY(mayHold("Index.html"));
    QVERIFY(mayHold("assets"));
    QVERIFY(mayHold("assets/none")); // it knows the top alone
    QVERIFY(!mayHold("a.css"));
    QVERIFY(!mayHold("asset"));
    QVERIFY(!mayHold("assets2/a.css"));
}

void TestTopNames::newNamesAreSeenWithTheNextTick()
{
    for (int i = 0; i < 200; ++i) {
        const QByteArray name = "new" + QByteArray::number(i);
        m_folder->add(QString::fromLatin1(name), "x");
        awaitTick();
        QVERIFY2(mayHold(name), name.constData());
        // Reading it right after a change must not fix what the next one adds within the same tick.
        QVERIFY(mayHold("assets"));
    }
    QTRY_VERIFY(!mayHold("absent"));
    QVERIFY(mayHold("new0") && mayHold("new199"));
    QVERIFY(QFile::rename(m_folder->path(QStringLiteral("new0")), m_folder->path(QStringLiteral("renamed"))));
    awaitTick();
    QVERIFY(mayHold("renamed"));
    // As a copy that keeps the times of folders does.
    QTRY_VERIFY(!mayHold("absent"));
    m_folder->add(QStringLiteral("late"), "x");
    setTime(m_folder->path(), changed);
    awaitTick();
    QVERIFY(mayHold("late"));
}

void TestTopNames::namesOfManyKinds_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<bool>("may");
    const auto row = [](const char *path, bool may) { QTest::newRow(path) << QByteArray(path) << may; };
    row("", true);
    row(".", true);
    row("index.html", true); // some file systems know no case
    row("ASSETS/A.CSS", true);
    row("index.html2", false);
    row("index~1.htm", true);
    row("caf\xc3\xa9", true);
    row("hello/index.html", false);
}

void TestTopNames::namesOfManyKinds()
{
    QFETCH(const QByteArray, path);
    QTEST(mayHold(path), "may");
}

void TestTopNames::tooManyNames()
{
    for (qsizetype i = 0; i <= TopNames::MaxNames; ++i)
        QCOMPARE(::symlinkat("x", m_fd.get(), QByteArray::number(i).constData()), 0);
    const auto hasSettled = [this] {
        struct stat status = {};
        return ::fstat(m_fd.get(), &status) == 0 && std::time(nullptr) - status.st_ctim.tv_sec > 1;
    };
    QTRY_VERIFY(hasSettled());
    QVERIFY(mayHold("absent"));
    QVERIFY(mayHold("absent"));
}

void TestTopNames::fileSystemWithoutChangeTimes()
{
    const base::FileDescriptor proc(::open("/proc/self", O_PATH | O_DIRECTORY));
    QVERIFY(!TopNames::of(proc.get()));
}

QTEST_GUILESS_MAIN(TestTopNames)
#include "tst_topnames.moc"
