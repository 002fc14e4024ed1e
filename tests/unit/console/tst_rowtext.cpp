#include "admin-gui/models/rowtext.h"

#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

class tst_RowText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rows_data();
    void rows();
    void mistakes_data();
    void mistakes();
    void goesOnBehindAMistake();
    void manyMistakes();
    void tooManyRows();
    void hostile_data();
    void hostile();
};

namespace {

const QList<TableColumn> columns{{u"stock"_s, TableColumn::Type::Int, 4},
                                 {u"rate"_s, TableColumn::Type::Float, 8},
                                 {u"title"_s, TableColumn::Type::String, 64}};

/// "tea:stock=7,title=Tea coffee:…"
QString summary(const RowText &parsed)
{
    QStringList rows;
    for (const TableRow &row : parsed.rows) {
        QStringList values;
        for (auto it = row.values.begin(); it != row.values.end(); ++it)
            values.append(it.key() + u'=' + it.value().toVariant().toString());
        rows.append(QString::fromUtf8(row.key.bytes) + u':' + values.join(u';'));
    }
    return rows.join(u'|');
}

} // namespace

void tst_RowText::rows_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");
    QTest::newRow("nothing") << QString() << QString();
    QTest::newRow("a header alone") << u"key\tstock\n"_s << QString();
    QTest::newRow("tabs") << u"key\tstock\ttitle\ntea\t7\tGreen tea\n"_s << u"tea:stock=7;title=Green tea"_s;
    QTest::newRow("no line end behind the last") << u"key\tstock\ntea\t7"_s << u"tea:stock=7"_s;
    QTest::newRow("line ends of Windows") << u"key\tstock\r\ntea\t7\r\nrum\t8\r\n"_s << u"tea:stock=7|rum:stock=8"_s;
    QTest::newRow("a byte order mark") << u"\ufeffkey\tstock\ntea\t7"_s << u"tea:stock=7"_s;
    QTest::newRow("empty lines") << u"\n\nkey\tstock\n\ntea\t7\n\n \n"_s << u"tea:stock=7"_s;
    QTest::newRow("keys alone") << u"key\ntea\nrum"_s << u"tea:|rum:"_s;
    QTest::newRow("quotes stand for themselves between tabs") << u"key\ttitle\ntea\t\"a\"\n"_s << u"tea:title=\"a\""_s;
    QTest::newRow("commas between tabs") << u"key\ttitle\ntea\ta,b\n"_s << u"tea:title=a,b"_s;
    QTest::newRow("an empty string") << u"key\ttitle\ntea\t\n"_s << u"tea:title="_s;
    QTest::newRow("commas") << u"key,stock,title\ntea,7,Tea\n"_s << u"tea:stock=7;title=Tea"_s;
    QTest::newRow("spaces around names and numbers") << u"key, stock\ntea, 7\n"_s << u"tea:stock=7"_s;
    QTest::newRow("a comma in quotes") << u"key,title\ntea,\"a,b\"\n"_s << u"tea:title=a,b"_s;
    QTest::newRow("a quote in quotes") << u"key,title\ntea,\"a\"\"b\"\n"_s << u"tea:title=a\"b"_s;
    QTest::newRow("a line end in quotes")
        << u"key,title\r\ntea,\"a\nb\"\r\nrum,c\r\n"_s << u"tea:title=a\nb|rum:title=c"_s;
    QTest::newRow("empty quotes at the end") << u"key,title\ntea,\"\""_s << u"tea:title="_s;
}

void tst_RowText::rows()
{
    QFETCH(const QString, text);
    QFETCH(const QString, expected);
    const RowText parsed = RowText::parse(text, columns);
    QCOMPARE(parsed.mistakeCount, 0);
    QCOMPARE(summary(parsed), expected);
}

void tst_RowText::mistakes_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("line");
    QTest::addColumn<QString>("part");
    QTest::newRow("no key") << u"stock\ttitle\n1\ta"_s << 1 << u"key"_s;
    QTest::newRow("an unknown column") << u"key\tprice\ntea\t7"_s << 1 << u"price"_s;
    QTest::newRow("a column twice") << u"key\tstock\tstock\ntea\t7\t8"_s << 1 << u"stock"_s;
    QTest::newRow("the key twice") << u"key\tkey\ntea\t7"_s << 1 << u"key"_s;
    QTest::newRow("a cell too few") << u"key\tstock\ttitle\ntea\t7\n"_s << 2 << u"2"_s;
    QTest::newRow("a cell too many") << u"key\tstock\ntea\t7\t8\n"_s << 2 << u"3"_s;
    QTest::newRow("no integer") << u"key\tstock\n\ntea\tmany\n"_s << 3 << u"many"_s;
    QTest::newRow("beyond its width") << u"key\tstock\ntea\t2147483648\n"_s << 2 << u"2147483647"_s;
    QTest::newRow("an empty number") << u"key\tstock\ntea\t\n"_s << 2 << u"stock"_s;
    QTest::newRow("a string too long") << u"key\ttitle\ntea\t"_s + QString(65, u'x') << 2 << u"65"_s;
    QTest::newRow("an empty key") << u"key\tstock\n\t7\n"_s << 2 << u"key"_s;
    QTest::newRow("a key twice") << u"key\tstock\ntea\t7\ntea\t8\n"_s << 3 << u"line 2"_s;
    QTest::newRow("the same key in hex") << u"key\tstock\ntea\t7\nhex:746561\t8\n"_s << 3 << u"line 2"_s;
    QTest::newRow("a quote that stays open") << u"key,title\nrum,a\ntea,\"a\nb,c\n"_s << 3 << u"quote"_s;
    QTest::newRow("behind a line end in quotes") << u"key,title,stock\ntea,\"a\nb\",1\nrum,b,x\n"_s << 4 << u"stock"_s;
    QTest::newRow("text behind a quote") << u"key,title\ntea,\"a\"b\n"_s << 2 << u"quote"_s;
    QTest::newRow("half a character") << u"key\ttitle\ntea\t"_s + QChar(0xdc00) << 2 << u"character"_s;
}

void tst_RowText::mistakes()
{
    QFETCH(const QString, text);
    QFETCH(const int, line);
    QFETCH(const QString, part);
    const RowText parsed = RowText::parse(text, columns);
    QCOMPARE(parsed.mistakeCount, 1);
    QCOMPARE(parsed.mistakes.constFirst().line, line);
    QVERIFY2(parsed.mistakes.constFirst().text.contains(part), qPrintable(parsed.mistakes.constFirst().text));
}

void tst_RowText::goesOnBehindAMistake()
{
    const RowText parsed = RowText::parse(u"key,title,stock\ntea,\"a\nb\",x\nrum,b,7\n"_s, columns);
    QCOMPARE(parsed.mistakeCount, 1);
    QCOMPARE(summary(parsed), u"rum:stock=7;title=b"_s);
    QCOMPARE(parsed.columns.size(), 2);
    QCOMPARE(parsed.columns.constFirst().name, u"title"_s);
}

void tst_RowText::manyMistakes()
{
    const RowText parsed = RowText::parse(u"key\tstock\n"_s + u"a\n"_s.repeated(5000), columns);
    QCOMPARE(parsed.mistakeCount, 5000);
    QCOMPARE(parsed.mistakes.size(), RowText::MostMistakes);
}

void tst_RowText::tooManyRows()
{
    QString text = u"key\n"_s;
    for (qsizetype i = 0; i < RowText::MostRows; ++i)
        text += QString::number(i) + u'\n';
    QCOMPARE(RowText::parse(text, columns).mistakeCount, 0);
    const RowText parsed = RowText::parse(text + u"a\nb\nc\n"_s, columns);
    QCOMPARE(parsed.rows.size(), RowText::MostRows);
    QCOMPARE(parsed.mistakeCount, 1);
    QCOMPARE(parsed.mistakes.constFirst().line, RowText::MostRows + 2);
}

void tst_RowText::hostile_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("a quote") << u"\""_s;
    QTest::newRow("a quote behind the header") << u"key,title\n\""_s;
    QTest::newRow("quotes") << QString(100001, u'"');
    QTest::newRow("commas") << QString(100000, u',');
    QTest::newRow("tabs") << QString(100000, u'\t');
    QTest::newRow("zeros") << QString(1000, QChar());
    QTest::newRow("one long line") << u"key\ttitle\ntea\t"_s + QString(5'000'000, u'x');
    QTest::newRow("many columns") << u"key"_s + u"\tx"_s.repeated(100000);
    QTest::newRow("placeholders") << u"key\ttitle\n%1%2\t%99\t%1"_s;
    QTest::newRow("a byte order mark alone") << u"\ufeff"_s;
}

void tst_RowText::hostile()
{
    QFETCH(const QString, text);
    const RowText parsed = RowText::parse(text, columns);
    QVERIFY(parsed.rows.isEmpty());
    QVERIFY(parsed.mistakes.size() <= RowText::MostMistakes);
    for (const RowText::Mistake &mistake : parsed.mistakes)
        QVERIFY(mistake.text.size() < 500);
}

QTEST_GUILESS_MAIN(tst_RowText)
#include "tst_rowtext.moc"
