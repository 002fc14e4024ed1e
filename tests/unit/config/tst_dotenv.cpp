#include "config/dotenv.h"

#include <QTest>

using namespace Quern;
using namespace Quern::config;

/// Lines of .env files: what they set, and what is wrong with them.
class tst_Dotenv : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void values_data();
    void values();
    void refusals_data();
    void refusals();
    void everyMistakeIsTold();
    void linesAndOrder();
};

void tst_Dotenv::values_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("value");
    const auto row = [](const char *line, const char *value) {
        QTest::newRow(line) << QByteArray(line) << QString::fromUtf8(value);
    };
    row("A=debug", "debug");
    row("  A = debug \t", "debug");
    row("export A=debug", "debug");
    row("export\tA = debug", "debug");
    row("A=", "");
    row("A= # nothing", "");
    row("A=two words # comment", "two words");
    row("A=no#comment", "no#comment");
    row("A=#fff", "#fff");
    row("A=a=b==", "a=b==");
    row("A=\\n$B ${B} it's", "\\n$B ${B} it's");
    row("A=Mühle", "Mühle");
    row("A='as it is: \\n $B \"x\" # '", "as it is: \\n $B \"x\" # ");
    row("A='' # empty", "");
    row("A=\"one\\ntwo\\t\\r\\\"\\\\\\$\"", "one\ntwo\t\r\"\\$");
    row("A=\"C:\\dir 'x' # $B\"", "C:\\dir 'x' # $B");
    row("A = \" blanks \"\t# comment", " blanks ");
    row("\xef\xbb\xbf"
        "A=bom",
        "bom");
    row("A=old\nA=new", "new");
}

void tst_Dotenv::values()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, value);
    for (const QByteArray &end : {QByteArray(), QByteArray("\n"), QByteArray("\r\n# end\r\n\r\n")}) {
        const Result<QList<DotenvEntry>> entries = parseDotenv(line + end, QStringLiteral(".env"));
        QVERIFY2(entries, entries ? "" : qPrintable(entries.error().message()));
        QCOMPARE(entries->last().name, QStringLiteral("A"));
        QCOMPARE(entries->last().value, value);
    }
}

void tst_Dotenv::refusals_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("message");
    const auto row = [](const QByteArray &line, const char *message) {
        QTest::newRow(line.constData()) << line << QString::fromUtf8(message);
    };
    const char *badName = "what stands before \"=\" is no name; write letters, digits and \"_\", and no digit first";
    row("A", "has no \"=\"; write NAME=value");
    row("export", "has no \"=\"; write NAME=value");
    row("A: b", "has no \"=\"; write NAME=value");
    row("=b", badName);
    row("1A=b", badName);
    row("A-B=b", badName);
    row("A B=b", badName);
    row("Ä=b", badName);
    row("A='b",
        "the quote is not closed in its line; close it, or use double quotes and write \\n for a line end within "
        "the value");
    row("A=\"b\\\"", "the quote is not closed in its line; close it, and write \\n for a line end within the value");
    row("A=\"b\"c", "something follows the closing quote; put all of the value into the quotes, or a blank and \"#\" "
                    "before a comment");
    row("A='b'#c", "something follows the closing quote; put all of the value into the quotes, or a blank and \"#\" "
                   "before a comment");
    row("A=\xff", "is not UTF-8; save the file in that encoding");
    row(QByteArray("A=b\0c", 5), "holds a NUL character, which no variable can have; remove it");
}

void tst_Dotenv::refusals()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, message);
    const Result<QList<DotenvEntry>> entries = parseDotenv("GOOD=1\n" + line + "\n", QStringLiteral("conf/.env"));
    QVERIFY(!entries);
    QCOMPARE(entries.error().code(), Error::Invalid);
    QCOMPARE(entries.error().message(), QStringLiteral("conf/.env:2: ") + message);
}

void tst_Dotenv::everyMistakeIsTold()
{
    const Result<QList<DotenvEntry>> entries = parseDotenv("A\n\nB\n", QStringLiteral(".env"));
    QVERIFY(!entries);
    QCOMPARE(entries.error().message(),
             QStringLiteral(".env:1: has no \"=\"; write NAME=value\n.env:3: has no \"=\"; write NAME=value"));
}

void tst_Dotenv::linesAndOrder()
{
    const Result<QList<DotenvEntry>> entries = parseDotenv("# mill\r\nB=1\n\nA='2'\nB=3", QStringLiteral(".env"));
    QVERIFY(entries);
    const QList<DotenvEntry> expected = {{QStringLiteral("B"), QStringLiteral("1"), 2},
                                         {QStringLiteral("A"), QStringLiteral("2"), 4},
                                         {QStringLiteral("B"), QStringLiteral("3"), 5}};
    QCOMPARE(*entries, expected);
    QVERIFY(parseDotenv({}, {})->isEmpty());
}

QTEST_GUILESS_MAIN(tst_Dotenv)
#include "tst_dotenv.moc"
