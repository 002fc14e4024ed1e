#include "app/server/logfilereader.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace Quern;
using app::LogFileReader;
using base::LogLevel;
using base::LogRecord;

class TestLogFileReader : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void lastOfBothFormats();
    void filters();
    void foreignLinesBelongToTheOneBefore();
    void looksFarEnoughBack();
    void followsAcrossRotation();
    void followsAFileThatIsCut();
    void halfALineWaits();
    void absent();
    void device();

private:
    static LogRecord record(const QByteArray &text, LogLevel level = LogLevel::Info, const QByteArray &role = "master");
    void append(const QByteArray &bytes) const;
    static QByteArrayList textsOf(const QList<LogRecord> &records);

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_path;
};

void TestLogFileReader::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_path = m_folder->filePath(QStringLiteral("quern.log"));
}

LogRecord TestLogFileReader::record(const QByteArray &text, LogLevel level, const QByteArray &role)
{
    LogRecord result;
    result.time = 1769860800123;
    result.level = level;
    result.role = role;
    result.text = text;
    return result;
}

void TestLogFileReader::append(const QByteArray &bytes) const
{
    QFile file(m_path);
    if (!file.open(QIODevice::Append) || file.write(bytes) != bytes.size())
        qFatal("cannot write the log");
}

QByteArrayList TestLogFileReader::textsOf(const QList<LogRecord> &records)
{
    QByteArrayList texts;
    for (const LogRecord &entry : records)
        texts.append(entry.text);
    return texts;
}

void TestLogFileReader::lastOfBothFormats()
{
    append(base::textLines(record("one")) + base::jsonLine(record("two\nlines")) + base::textLines(record("three")));
    LogFileReader reader(m_path, {});
    QVERIFY(reader.open());
    QCOMPARE(textsOf(reader.last(2)), QByteArrayList({"two\nlines", "three"}));
    QCOMPARE(textsOf(reader.last(0)), QByteArrayList());
    QCOMPARE(textsOf(reader.last(100)).size(), 3);
    QVERIFY(reader.next().isEmpty());
}

void TestLogFileReader::filters()
{
    append(base::textLines(record("a", LogLevel::Debug)) + base::textLines(record("b", LogLevel::Error, "worker 1")) +
           base::textLines(record("c", LogLevel::Warning)));
    LogFileReader byLevel(m_path, {LogLevel::Warning, {}});
    QVERIFY(byLevel.open());
    QCOMPARE(textsOf(byLevel.last(10)), QByteArrayList({"b", "c"}));
    LogFileReader byRole(m_path, {LogLevel::Debug, "worker 1"});
    QVERIFY(byRole.open());
    QCOMPARE(textsOf(byRole.last(10)), QByteArrayList({"b"}));
}

void TestLogFileReader::foreignLinesBelongToTheOneBefore()
{
    append(base::textLines(record("a")) + base::textLines(record("b", LogLevel::Error)) + "of\x1b somebody else\n");
    LogFileReader reader(m_path, {LogLevel::Error, {}});
    QVERIFY(reader.open());
    QCOMPARE(textsOf(reader.last(10)), QByteArrayList({"b", "of\\x1b somebody else"}));
}

void TestLogFileReader::looksFarEnoughBack()
{
    append(base::textLines(record("far", LogLevel::Error)));
    for (int i = 0; i < 5000; ++i)
        append(base::textLines(record(QByteArray::number(i) + QByteArray(200, ' '))));
    LogFileReader reader(m_path, {LogLevel::Error, {}});
    QVERIFY(reader.open());
    QCOMPARE(textsOf(reader.last(1)), QByteArrayList({"far"}));
    LogFileReader all(m_path, {});
    QVERIFY(all.open());
    QCOMPARE(all.last(4000).first().text.trimmed(), QByteArray("1000"));
}

void TestLogFileReader::followsAcrossRotation()
{
    append(base::textLines(record("one")));
    LogFileReader reader(m_path, {});
    QVERIFY(reader.open());
    QCOMPARE(textsOf(reader.last(10)), QByteArrayList({"one"}));
    append(base::textLines(record("two")));
    const QString old = m_path + QStringLiteral(".1");
    QVERIFY(QFile::rename(m_path, old));
    QCOMPARE(textsOf(reader.next()), QByteArrayList({"two"}));
    append(base::textLines(record("four")));
    // A thread of the server that was at it still writes into the old one.
    QVERIFY(reader.next().isEmpty());
    {
        QFile late(old);
        QVERIFY(late.open(QIODevice::Append));
        late.write(base::textLines(record("three")));
    }
    QByteArrayList rest;
    for (int i = 0; i < 3; ++i)
        rest += textsOf(reader.next());
    QCOMPARE(rest, QByteArrayList({"three", "four"}));
}

void TestLogFileReader::followsAFileThatIsCut()
{
    append(base::textLines(record("a long line")));
    LogFileReader reader(m_path, {});
    QVERIFY(reader.open());
    QCOMPARE(reader.last(10).size(), 1);
    QVERIFY(QFile::resize(m_path, 0));
    append(base::textLines(record("b")));
    QCOMPARE(textsOf(reader.next()), QByteArrayList({"b"}));
}

void TestLogFileReader::halfALineWaits()
{
    const QByteArray line = base::textLines(record("whole"));
    append(line + line.first(40));
    LogFileReader reader(m_path, {});
    QVERIFY(reader.open());
    QCOMPARE(textsOf(reader.last(10)), QByteArrayList({"whole"}));
    QVERIFY(reader.next().isEmpty());
    append(line.sliced(40));
    QCOMPARE(textsOf(reader.next()), QByteArrayList({"whole"}));
}

void TestLogFileReader::absent()
{
    LogFileReader reader(m_path, {});
    const Result<void> opened = reader.open();
    QVERIFY(!opened);
    QCOMPARE(opened.error().code(), Error::NotFound);
}

void TestLogFileReader::device()
{
    LogFileReader reader(QStringLiteral("/dev/null"), {});
    const Result<void> opened = reader.open();
    QVERIFY(!opened);
    QVERIFY2(opened.error().message().contains(u"/dev/null"), qPrintable(opened.error().message()));
}

QTEST_GUILESS_MAIN(TestLogFileReader)
#include "tst_logfilereader.moc"
