#include "admin/protocol/logmessages.h"
#include "admin/protocol/message.h"

#include <QJsonArray>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using base::LogLevel;

class tst_LogMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void query();
    void page();
    void levels();
    void recordsKeepTheirContent();
    void malformed_data();
    void malformed();
};

namespace {

LogLine sample()
{
    return {7,
            QDateTime(QDate(2026, 1, 31), QTime(12, 0, 0, 5), Qt::UTC),
            LogLevel::Warning,
            QStringLiteral("worker 2"),
            42,
            QStringLiteral("shop"),
            QStringLiteral("two\nlines")};
}

} // namespace

void tst_LogMessages::query()
{
    const LogQuery query{50, LogLevel::Error, QStringLiteral("master"), 9};
    const QByteArray golden = "{\"before\":9,\"level\":\"error\",\"lines\":50,\"role\":\"master\"}\n";
    QCOMPARE(encodeLine(query.toJson()), golden);
    const Result<LogQuery> read = LogQuery::fromJson(*decodeLine(golden));
    QVERIFY(read && *read == query);
    // What is left out is as by default.
    const Result<LogQuery> lines = LogQuery::fromJson({{QStringLiteral("lines"), 7}});
    QVERIFY(lines && *lines == (LogQuery{7, LogLevel::Debug, {}, 0}));
}

void tst_LogMessages::page()
{
    const LogPage page{{sample()}, 7, 3};
    const QByteArray golden = "{\"before\":7,\"dropped\":3,\"lines\":[{\"category\":\"shop\",\"level\":\"warning\","
                              "\"message\":\"two\\nlines\",\"pid\":42,\"role\":\"worker 2\",\"serial\":7,"
                              "\"time\":\"2026-01-31T12:00:00.005Z\"}]}\n";
    QCOMPARE(encodeLine(page.toJson()), golden);
    const Result<LogPage> read = LogPage::fromJson(*decodeLine(golden));
    QVERIFY(read && *read == page);
}

void tst_LogMessages::levels()
{
    QCOMPARE(encodeLine(LogLevelChange{QStringLiteral("debug")}.toJson()), QByteArray("{\"levels\":\"debug\"}\n"));
    const Result<LogLevelChange> change = LogLevelChange::fromJson(*decodeLine("{\"levels\":\"shop=info\"}"));
    QVERIFY(change);
    QCOMPARE(change->levels, QStringLiteral("shop=info"));
    const LogLevelsInForce present{LogLevel::Debug, {QStringLiteral("shop=info")}};
    const QByteArray golden = "{\"categories\":[\"shop=info\"],\"general\":\"debug\"}\n";
    QCOMPARE(encodeLine(present.toJson()), golden);
    const Result<LogLevelsInForce> read = LogLevelsInForce::fromJson(*decodeLine(golden));
    QVERIFY(read && *read == present);
}

void tst_LogMessages::recordsKeepTheirContent()
{
    const base::LogRecord record = sample().toRecord();
    QCOMPARE(record.role, QByteArray("worker 2"));
    QCOMPARE(record.serial, quint64(7));
    QVERIFY(LogLine::of(record) == sample());
    // A server that is none of ours steers no terminal.
    LogLine line = sample();
    line.message = QStringLiteral("\x1b[2J");
    QCOMPARE(line.toRecord().text, QByteArray("\\x1b[2J"));
}

void tst_LogMessages::malformed_data()
{
    QTest::addColumn<QString>("member");
    QTest::addColumn<QJsonValue>("value");
    QTest::addColumn<QString>("message");
    const auto row = [](const char *member, const QJsonValue &value, const char *message) {
        QTest::newRow(message) << QString::fromLatin1(member) << value << QString::fromLatin1(message);
    };
    row("lines", -1, "lines: must be an integer from 0 to 2147483647, not -1");
    row("level", QStringLiteral("warn"),
        "level: must be one of \"debug\", \"info\", \"warning\", \"error\", not the string \"warn\"");
    row("role", 1, "role: must be a string, not 1");
    row("before", 0.5, "before: must be an integer from 0 to 9007199254740991, not 0.5");
}

void tst_LogMessages::malformed()
{
    QFETCH(const QString, member);
    QFETCH(const QJsonValue, value);
    QFETCH(const QString, message);
    QJsonObject json = LogQuery().toJson();
    json.insert(member, value); // an undefined value removes the member
    const Result<LogQuery> read = LogQuery::fromJson(json);
    QVERIFY(!read);
    QCOMPARE(read.error().code(), Error::Protocol);
    QCOMPARE(read.error().message(), message);
}

QTEST_GUILESS_MAIN(tst_LogMessages)
#include "tst_logmessages.moc"
