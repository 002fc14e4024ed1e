#include "base/logrecord.h"

#include <QDateTime>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace Quern;
using base::LogLevel;
using base::LogRecord;

class TestLogRecord : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void printable_data();
    void printable();
    void longMessagesAreCut();
    void json();
    void childLines_data();
    void childLines();
    void childLineRoundTrip();
    void fileLines_data();
    void fileLines();
    void foreignLines_data();
    void foreignLines();
};

namespace {

LogRecord sample()
{
    LogRecord record;
    record.time = 1769860800123; // 2026-01-31 12:00:00.123 UTC
    record.level = LogLevel::Warning;
    record.role = "worker 2";
    record.pid = 42;
    record.category = "shop";
    record.text = "one";
    return record;
}

} // namespace

void TestLogRecord::printable_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &text, const QByteArray &expected) {
        QTest::newRow(name) << text << expected;
    };
    row("plain", "a b", "a b");
    row("tab and line feed stay", "a\tb\nc", "a\tb\nc");
    row("controls", QByteArray("\0\r\x1b\x1f\x7f", 5), "\\x00\\x0d\\x1b\\x1f\\x7f");
    row("C1 control",
        "\xc2\x9b"
        "1m",
        "\\xc2\\x9b"
        "1m");
    row("characters", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0",
        "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0");
    row("latin 1", "caf\xe9!", "caf\\xe9!");
    row("overlong", "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf");
    row("surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80");
    row("beyond Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
    row("cut character", "\xe2\x82", "\\xe2\\x82");
}

void TestLogRecord::printable()
{
    QFETCH(const QByteArray, text);
    QFETCH(const QByteArray, expected);
    QCOMPARE(base::printable(text), expected);
    QCOMPARE(base::printable(expected), expected);
}

void TestLogRecord::longMessagesAreCut()
{
    QCOMPARE(base::printable(QByteArray(base::MaxLogMessage, 'x')), QByteArray(base::MaxLogMessage, 'x'));
    for (const QByteArray &piece : {QByteArray("x"), QByteArray("\xe2\x82\xac"), QByteArray("\x01")}) {
        const QByteArray cut = base::printable(piece.repeated(base::MaxLogMessage + 1));
        QVERIFY(cut.size() <= base::MaxLogMessage && cut.size() > base::MaxLogMessage - 10);
        QVERIFY(cut.endsWith(" (the rest is cut)"));
        QCOMPARE(base::printable(cut), cut);
        LogRecord record = sample();
        record.text = cut;
        QVERIFY(base::childLine(record).size() <= base::MaxChildLine);
    }
}

void TestLogRecord::json()
{
    LogRecord record = sample();
    record.text = "a \"quoted\" \\ tab\t and\nlines caf\xc3\xa9";
    const QByteArray line = base::jsonLine(record);
    QCOMPARE(line, QByteArray("{\"time\":\"2026-01-31T12:00:00.123Z\",\"level\":\"warning\",\"role\":\"worker "
                              "2\",\"pid\":42,\"category\":\"shop\",\"message\":\"a \\\"quoted\\\" \\\\ tab\\t "
                              "and\\nlines caf\xc3\xa9\"}\n"));
    QCOMPARE(QJsonDocument::fromJson(line).object().value(u"message").toString().toUtf8(), record.text);
}

void TestLogRecord::childLines_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<int>("level");
    QTest::addColumn<QByteArray>("category");
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char *name, const QByteArray &line, LogLevel level, const char *category,
                        const QByteArray &text) {
        QTest::newRow(name) << line << int(level) << QByteArray(category) << text;
    };
    row("all of it", "<7>shop\x1ftext", LogLevel::Debug, "shop", "text");
    row("lines", "<3>shop\x1fone\x1etwo", LogLevel::Error, "shop", "one\ntwo");
    row("no text", "<4>shop\x1f", LogLevel::Warning, "shop", "");
    row("plain", "text", LogLevel::Info, "stdout", "text");
    row("nothing", "", LogLevel::Info, "stdout", "");
    row("priority alone", "<4>text", LogLevel::Warning, "stdout", "text");
    row("unknown priority", "<5>text", LogLevel::Info, "stdout", "<5>text");
    row("half a prefix", "<6", LogLevel::Info, "stdout", "<6");
    row("no category", "<6>\x1ftext", LogLevel::Info, "stdout", "\\x1ftext");
    row("separators without a prefix",
        "a\x1f"
        "b\x1e",
        LogLevel::Info, "stdout",
        "a\\x1f"
        "b\\x1e");
    row("a category too long", "<3>" + QByteArray(129, 'c') + "\x1fx", LogLevel::Error, "stdout",
        QByteArray(129, 'c') + "\\x1fx");
    row("a line feed that should not be there",
        "<3>c\x1f"
        "a\nb",
        LogLevel::Error, "c", "a\\x0ab");
    row("controls", "<3>c\x1b\x1f\x1b[1m", LogLevel::Error, "c\\x1b", "\\x1b[1m");
    row("no UTF-8", "\xff", LogLevel::Info, "stdout", "\\xff");
}

void TestLogRecord::childLines()
{
    QFETCH(const QByteArray, line);
    QFETCH(const int, level);
    QFETCH(const QByteArray, category);
    QFETCH(const QByteArray, text);
    const LogRecord record = base::parseChildLine(line);
    QCOMPARE(int(record.level), level);
    QCOMPARE(record.category, category);
    QCOMPARE(record.text, text);
    QCOMPARE(record.role, QByteArray());
}

void TestLogRecord::childLineRoundTrip()
{
    for (const LogLevel level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error}) {
        LogRecord record = sample();
        record.level = level;
        record.text = "one\n\ntwo\t<3>x";
        const QByteArray line = base::childLine(record);
        QCOMPARE(line.count('\n'), 1);
        LogRecord read = base::parseChildLine(line.chopped(1));
        read.time = record.time;
        read.role = record.role;
        read.pid = record.pid;
        QVERIFY(read == record);
    }
}

void TestLogRecord::fileLines_data()
{
    QTest::addColumn<QByteArray>("role");
    for (const char *role : {"master", "worker 2", "worker 12", "worker 123", "worker 1023"})
        QTest::newRow(role) << QByteArray(role);
}

void TestLogRecord::fileLines()
{
    QFETCH(const QByteArray, role);
    LogRecord record = sample();
    record.role = role;
    record.text = "5 x  y ";
    const std::optional<LogRecord> json = base::parseLogLine(base::jsonLine(record).chopped(1));
    QVERIFY(json && *json == record);
    const std::optional<LogRecord> text = base::parseLogLine(base::textLines(record).chopped(1));
    record.pid = 0;
    record.category.clear();
    QVERIFY(text && *text == record);
}

void TestLogRecord::foreignLines_data()
{
    QTest::addColumn<QByteArray>("line");
    for (const char *line : {"", "text", "{}", "{\"time\":\"2026-01-31T12:00:00.123Z\"", "[1]",
                             "2026-01-31 12:00:00.123 loud  master    text",
                             "2026-13-31 12:00:00.123 info  master    x", "2026-01-31 12:00:00.123 info  master"})
        QTest::newRow(line) << QByteArray(line);
}

void TestLogRecord::foreignLines()
{
    QFETCH(const QByteArray, line);
    QVERIFY(!base::parseLogLine(line));
}

QTEST_APPLESS_MAIN(TestLogRecord)
#include "tst_logrecord.moc"
