#include "base/logfile.h"

#include "base/logrecord.h"

#include <QDateTime>
#include <QDeadlineTimer>
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace Quern;
using base::LogFile;
using base::LogLevel;
using namespace std::chrono_literals;

class TestLogFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void rotatesBySize();
    void aLineLongerThanTheFileHasOneOfItsOwn();
    void aGapCostsNoFile();
    void fewerAreKept();
    void keepsItsMode();
    void rotatesByAge_data();
    void rotatesByAge();
    void ageOfOurOwnFilesBeginsAnew();
    void othersMayRenameIt();
    void othersMayCutIt();
    void reopen();
    void folderThatCannotBeWritten();
    void fullDisk();
    void deviceIsNotRotated();
    void pipeKeepsItsBytes();
    void pipeWithoutReader();
    void fullPipeLosesNothing();

private:
    QByteArray content(const QString &name = QStringLiteral("quern.log")) const
    {
        QFile file(m_folder->filePath(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("no such file");
    }
    QStringList names() const { return QDir(m_folder->path()).entryList(QDir::Files, QDir::Name); }
    void write(const QString &name, const QByteArray &bytes) const
    {
        QFile file(m_folder->filePath(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
            qFatal("cannot write %s", qPrintable(name));
    }
    void open(const base::LogRotation &rotation)
    {
        const Result<void> opened = m_file->open(m_path, rotation);
        QVERIFY2(opened, opened ? "" : qPrintable(opened.error().message()));
    }
    /// What there is to tell, one after the other.
    QStringList append(const QByteArray &lines, qint64 now = QDateTime::currentMSecsSinceEpoch())
    {
        QStringList texts;
        for (const LogFile::Notice &notice : m_file->append(lines, now))
            texts.append(notice.text);
        return texts;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<LogFile> m_file;
    QString m_path;
};

void TestLogFile::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_file = std::make_unique<LogFile>();
    m_path = m_folder->filePath(QStringLiteral("quern.log"));
}

void TestLogFile::rotatesBySize()
{
    open({10, {}, 3});
    for (const char *line : {"aaaa\n", "bbbb\n", "cccc\n", "dddd\n", "eeee\n", "ffff\n", "gggg\n", "hhhh\n", "iiii\n"})
        QCOMPARE(append(line), QStringList());
    QCOMPARE(names(), QStringList({QStringLiteral("quern.log"), QStringLiteral("quern.log.1"),
                                   QStringLiteral("quern.log.2"), QStringLiteral("quern.log.3")}));
    QCOMPARE(content(), QByteArray("iiii\n"));
    QCOMPARE(content(QStringLiteral("quern.log.1")), QByteArray("gggg\nhhhh\n"));
    QCOMPARE(content(QStringLiteral("quern.log.2")), QByteArray("eeee\nffff\n"));
    QCOMPARE(content(QStringLiteral("quern.log.3")), QByteArray("cccc\ndddd\n"));
}

void TestLogFile::aLineLongerThanTheFileHasOneOfItsOwn()
{
    open({10, {}, 7});
    for (const char *line : {"a\n", "longer than ten\n", "b\n"})
        append(line);
    QCOMPARE(content(QStringLiteral("quern.log.2")), QByteArray("a\n"));
    QCOMPARE(content(QStringLiteral("quern.log.1")), QByteArray("longer than ten\n"));
    QCOMPARE(content(), QByteArray("b\n"));
}

void TestLogFile::aGapCostsNoFile()
{
    // As a crash between two renames leaves it.
    write(QStringLiteral("quern.log.1"), "one");
    write(QStringLiteral("quern.log.3"), "three");
    open({4, {}, 3});
    append("aaa\n");
    append("bbb\n");
    QCOMPARE(content(QStringLiteral("quern.log.1")), QByteArray("aaa\n"));
    QCOMPARE(content(QStringLiteral("quern.log.2")), QByteArray("one"));
    QCOMPARE(content(QStringLiteral("quern.log.3")), QByteArray("three"));
}

void TestLogFile::fewerAreKept()
{
    for (int i = 1; i <= 5; ++i)
        write(QStringLiteral("quern.log.%1").arg(i), QByteArray::number(i));
    open({4, {}, 2});
    append("aaa\n");
    append("bbb\n");
    QCOMPARE(names(),
             QStringList({QStringLiteral("quern.log"), QStringLiteral("quern.log.1"), QStringLiteral("quern.log.2")}));
    QCOMPARE(content(QStringLiteral("quern.log.2")), QByteArray("1"));
}

void TestLogFile::keepsItsMode()
{
    write(QStringLiteral("quern.log"), "aaa\n");
    QCOMPARE(::chmod(QFile::encodeName(m_path).constData(), 0604), 0);
    open({4, {}, 7});
    append("bbb\n");
    struct stat present = {};
    QCOMPARE(::stat(QFile::encodeName(m_path).constData(), &present), 0);
    QCOMPARE(present.st_mode & 0777, mode_t(0604));
}

void TestLogFile::rotatesByAge_data()
{
    QTest::addColumn<bool>("json");
    QTest::addColumn<qint64>("age"); // of the first line, in seconds
    QTest::addColumn<bool>("rotated");
    QTest::newRow("text, old") << false << qint64(3700) << true;
    QTest::newRow("text, young") << false << qint64(3500) << false;
    QTest::newRow("JSON, old") << true << qint64(3700) << true;
    QTest::newRow("JSON, young") << true << qint64(3500) << false;
    QTest::newRow("a clock that went wrong") << false << qint64(-100000) << false;
    QTest::newRow("no time in it") << false << qint64(0) << false; // the file itself is young
}

void TestLogFile::rotatesByAge()
{
    QFETCH(const bool, json);
    QFETCH(const qint64, age);
    QFETCH(const bool, rotated);
    base::LogRecord record;
    record.time = QDateTime::currentMSecsSinceEpoch() - age * 1000;
    record.role = "master";
    record.text = QByteArray(1000, 'x');
    const QByteArray line = age == 0 ? QByteArray("a line\n") : json ? base::jsonLine(record) : base::textLines(record);
    write(QStringLiteral("quern.log"), line);
    open({0, 1h, 7});
    append("next\n");
    QCOMPARE(content(), rotated ? QByteArray("next\n") : line + "next\n");
    QCOMPARE(content(QStringLiteral("quern.log.1")), rotated ? line : QByteArray("no such file"));
}

void TestLogFile::ageOfOurOwnFilesBeginsAnew()
{
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    open({0, 1h, 7});
    append("a\n", now);
    append("b\n", now + 3'599'000);
    append("c\n", now + 3'600'000);
    append("d\n", now + 7'199'000);
    append("e\n", now + 7'200'000);
    QCOMPARE(content(QStringLiteral("quern.log.2")), QByteArray("a\nb\n"));
    QCOMPARE(content(QStringLiteral("quern.log.1")), QByteArray("c\nd\n"));
    QCOMPARE(content(), QByteArray("e\n"));
}

void TestLogFile::othersMayRenameIt()
{
    open({10, {}, 7});
    append("aaaa\n");
    QVERIFY(QFile::rename(m_path, m_folder->filePath(QStringLiteral("moved"))));
    append("bbbb\n");
    // The next would not fit: the moved file is left alone, and a new one is opened.
    append("cccc\n");
    QCOMPARE(content(QStringLiteral("moved")), QByteArray("aaaa\nbbbb\n"));
    QCOMPARE(content(), QByteArray("cccc\n"));
    QCOMPARE(names().size(), 2);
}

void TestLogFile::othersMayCutIt()
{
    open({10, {}, 7});
    append("aaaa\n");
    append("bbbb\n");
    QVERIFY(QFile::resize(m_path, 0));
    append("cccc\n");
    QCOMPARE(names(), QStringList{QStringLiteral("quern.log")});
    QCOMPARE(content(), QByteArray("cccc\n"));
}

void TestLogFile::reopen()
{
    open({});
    append("a\n");
    QVERIFY(QFile::rename(m_path, m_path + QStringLiteral(".1")));
    QVERIFY(m_file->reopen());
    append("b\n");
    QCOMPARE(content(), QByteArray("b\n"));
    QCOMPARE(content(QStringLiteral("quern.log.1")), QByteArray("a\n"));
}

void TestLogFile::folderThatCannotBeWritten()
{
    // Root may write anywhere: what is in the way of the rename is a folder with something in it.
    QVERIFY(QDir(m_folder->path()).mkpath(QStringLiteral("quern.log.1/in the way")));
    open({4, {}, 1});
    append("aaa\n");
    const QStringList told = append("bbb\n");
    QCOMPARE(told.size(), 1);
    QVERIFY2(told.first().startsWith(QStringLiteral("cannot rotate the log file %1: ").arg(m_path)),
             qPrintable(told.first()));
    QCOMPARE(append("ccc\n"), QStringList());
    QCOMPARE(content(), QByteArray("aaa\nbbb\nccc\n"));
}

void TestLogFile::fullDisk()
{
    // A limit of the file's size stands for the disk that is full: it takes a part of a line as well.
    open({});
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before = {};
    ::getrlimit(RLIMIT_FSIZE, &before);
    rlimit limit = before;
    limit.rlim_cur = 12;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    QStringList told = append("aaaa\nbbbb\n");
    told += append("cccc\n");
    const bool isStateKnown = !m_file->state();
    told += append("dddd\neeee\n");
    ::setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY(isStateKnown);
    QCOMPARE(told.size(), 1);
    QVERIFY2(told.first().startsWith(QStringLiteral("cannot write the log file %1: ").arg(m_path)),
             qPrintable(told.first()));
    QCOMPARE(append("ffff\n"),
             QStringList{QStringLiteral("the log file %1 takes lines again; 3 were lost").arg(m_path)});
    QVERIFY(m_file->state());
    // What was begun is taken back: half a line would be no JSON.
    QCOMPARE(content(), QByteArray("aaaa\nbbbb\nffff\n"));
}

void TestLogFile::deviceIsNotRotated()
{
    QVERIFY(m_file->open(QStringLiteral("/dev/full"), {4, 1ms, 1}));
    QCOMPARE(append("aaa\n").size(), 1);
    QCOMPARE(append("bbb\n").size(), 0);
    QCOMPARE(m_file->state().error().message(),
             QStringLiteral("cannot write the log file /dev/full: No space left on device"));
}

void TestLogFile::pipeKeepsItsBytes()
{
    // What has not been read yet when the log is opened anew is for the reader.
    QCOMPARE(::mkfifo(QFile::encodeName(m_path).constData(), 0600), 0);
    const base::FileDescriptor reader(::open(QFile::encodeName(m_path).constData(), O_RDONLY | O_NONBLOCK));
    QVERIFY(reader.isValid());
    open({4, 1ms, 1});
    const QByteArray lines = QByteArray(100, 'a') + '\n';
    QCOMPARE(append(lines), QStringList());
    QVERIFY(m_file->reopen());
    QByteArray bytes(200, '-');
    QCOMPARE(::read(reader.get(), bytes.data(), size_t(bytes.size())), ssize_t(lines.size()));
    QVERIFY(bytes.startsWith(lines));
}

void TestLogFile::pipeWithoutReader()
{
    QCOMPARE(::mkfifo(QFile::encodeName(m_path).constData(), 0600), 0);
    ::alarm(20); // it must not wait for one
    const Result<void> opened = m_file->open(m_path, {});
    ::alarm(0);
    QVERIFY(!opened);
    QCOMPARE(opened.error().message(),
             QStringLiteral("cannot open the log file %1: no program reads from this pipe or socket").arg(m_path));
}

void TestLogFile::fullPipeLosesNothing()
{
    QCOMPARE(::mkfifo(QFile::encodeName(m_path).constData(), 0600), 0);
    const base::FileDescriptor reader(::open(QFile::encodeName(m_path).constData(), O_RDONLY | O_NONBLOCK));
    open({});
    const qsizetype size = ::fcntl(reader.get(), F_GETPIPE_SZ);
    const QByteArray lines = QByteArray(2 * size, 'a') + '\n';
    QByteArray bytes;
    std::thread reading([&] {
        // Only once it is full.
        const QDeadlineTimer deadline(20s);
        int waiting = 0;
        while (waiting < size && !deadline.hasExpired())
            ::ioctl(reader.get(), FIONREAD, &waiting);
        char part[4096];
        while (bytes.size() < lines.size() && !deadline.hasExpired()) {
            const ssize_t count = ::read(reader.get(), part, sizeof part);
            bytes.append(part, qsizetype(std::max<ssize_t>(count, 0)));
        }
    });
    const QStringList told = append(lines);
    m_file.reset();
    reading.join();
    QCOMPARE(told, QStringList());
    QVERIFY(bytes == lines);
}

QTEST_APPLESS_MAIN(TestLogFile)
#include "tst_logfile.moc"
