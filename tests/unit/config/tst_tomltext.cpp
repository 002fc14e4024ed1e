#include "config/tomldocument.h"
#include "config/tomltext.h"

#include <QTest>

#include <limits>

using namespace Quern;
using namespace Quern::config;

class tst_TomlText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void writes_data();
    void writes();
    void whatIsWrittenReadsBack_data() { writes_data(); }
    void whatIsWrittenReadsBack();
    void longStringsAreCutInMessages();
};

void tst_TomlText::writes_data()
{
    QTest::addColumn<QVariant>("value");
    QTest::addColumn<QString>("text");
    const auto row = [](const char *name, const QVariant &value, const char *text) {
        QTest::newRow(name) << value << QString::fromUtf8(text);
    };
    row("string", QStringLiteral("mill"), "\"mill\"");
    row("empty string", QString(), "\"\"");
    row("quotes and backslash", QStringLiteral("a\"b\\c"), "\"a\\\"b\\\\c\"");
    row("control characters", QStringLiteral("\n\t\r\x1b\x7f"), "\"\\n\\t\\r\\u001b\\u007f\"");
    row("beyond ASCII", QStringLiteral("Mühle"), "\"Mühle\"");
    row("true", true, "true");
    row("false", false, "false");
    row("integer", qlonglong(-5), "-5");
    row("largest integer", std::numeric_limits<qlonglong>::max(), "9223372036854775807");
    row("float", 0.1, "0.1");
    row("whole float", 2.0, "2.0");
    row("large float", 1e300, "1e+300");
    row("infinity", -std::numeric_limits<double>::infinity(), "-inf");
    row("list", QVariantList{qlonglong(1), QStringLiteral("a")}, "[1, \"a\"]");
    row("empty list", QVariantList(), "[]");
    row("map", QVariantMap{{QStringLiteral("a"), qlonglong(1)}, {QStringLiteral("b c"), QVariantMap()}},
        "{ a = 1, \"b c\" = {} }");
}

void tst_TomlText::writes()
{
    QFETCH(QVariant, value);
    QFETCH(QString, text);
    QCOMPARE(toTomlText(value), text);
}

void tst_TomlText::whatIsWrittenReadsBack()
{
    QFETCH(QVariant, value);
    const Result<TomlValue> document = parseToml("value = " + toTomlText(value).toUtf8(), QStringLiteral("quern.toml"));
    QVERIFY2(document.ok(), document ? "" : qPrintable(document.error().message()));
    QCOMPARE(document->entries.at(0).value.toVariant(), value);
}

void tst_TomlText::longStringsAreCutInMessages()
{
    const QString shown = shownString(QString(100'000, u'x'));
    QVERIFY(shown.size() < 200);
    QVERIFY(shown.endsWith(u"x…\""));
}

QTEST_GUILESS_MAIN(tst_TomlText)
#include "tst_tomltext.moc"
