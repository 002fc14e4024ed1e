#include "requestsupport.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

#include <stdexcept>

using namespace Quern;

namespace {

constexpr char urlEncoded[] = "application/x-www-form-urlencoded";

/// "name=value" of each pair, joined by '|'.
QString joined(const NameValueList &items)
{
    QStringList texts;
    for (const auto &[name, value] : items)
        texts.append(name + u'=' + value);
    return texts.join(u'|');
}

void writeFile(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(bytes), bytes.size());
}

} // namespace

class tst_RequestForm : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void queryItems();
    void queryIsBounded();
    void cookies_data();
    void cookies();
    void cookieOfSeveralFields();
    void forms_data();
    void forms();
    void multipartFields();
    void fieldInAFile();
    void json_data();
    void json();
    void jsonErrors_data();
    void jsonErrors();
    void spooledBody();
    void spooledBodyOfAnotherSize();
    void trailers();
};

void tst_RequestForm::queryItems()
{
    const Request request = requestOf({.target = "/?a=1&b=x+y&a=%32&&c&=e"});
    QCOMPARE(joined(request.queryItems()), u"a=1|b=x y|a=2|c=|=e"_qs);
    QCOMPARE(request.queryAll("a"), QStringList({u"1"_qs, u"2"_qs}));
    QCOMPARE(request.queryAll("c"), QStringList({u""_qs}));
    QCOMPARE(request.queryAll("d"), QStringList());
}

void tst_RequestForm::queryIsBounded()
{
    QByteArray target = "/?";
    for (int i = 0; i < 1001; ++i)
        target += 'n' + QByteArray::number(i) + "=1&";
    const Request request = requestOf({.target = target});
    QCOMPARE(request.queryItems().size(), 1000);
    QCOMPARE(request.query("n999"), u"1"_qs);
    QVERIFY(request.query("n1000").isNull());
}

void tst_RequestForm::cookies_data()
{
    QTest::addColumn<QByteArray>("field");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *name, const QByteArray &field, const QString &expected) {
        QTest::newRow(name) << field << expected;
    };
    row("one", "a=1", u"a=1"_qs);
    row("two", "a=1; b=2", u"a=1|b=2"_qs);
    row("first wins", "a=1; a=2", u"a=1"_qs);
    row("without spaces", "a=1;b=2", u"a=1|b=2"_qs);
    row("much space", "  a = 1 \t;\tb=2 ", u"a=1|b=2"_qs);
    row("equals sign in the value", "a=b=c", u"a=b=c"_qs);
    row("quoted", "a=\"1 2\"", u"a=1 2"_qs);
    row("lone quotation mark", "a=\"", u"a=\""_qs);
    row("quoted on one side", "a=\"1", u"a=\"1"_qs);
    row("empty value", "a=", u"a="_qs);
    row("no equals sign", "a; b=2", u"b=2"_qs);
    row("no name", "=1; b=2", u"b=2"_qs);
    row("semicolons alone", ";;; ;", u""_qs);
    row("empty", "", u""_qs);
    row("percent-decoded", "a=%C3%A9%3B", u"a=é;"_qs);
    row("plus stays", "a=1+2", u"a=1+2"_qs);
    row("malformed escape stays", "a=%zz%4", u"a=%zz%4"_qs);
    row("name is not decoded", "%61=1", u"%61=1"_qs);
    row("case counts", "A=1; a=2", u"A=1|a=2"_qs);
}

void tst_RequestForm::cookies()
{
    QFETCH(QByteArray, field);
    const Request request = requestOf({.headers = {{"cookie", field}}});
    QTEST(joined(request.cookies()), "expected");
    const NameValueList cookies = request.cookies();
    for (const auto &[name, value] : cookies)
        QCOMPARE(request.cookie(name.toUtf8()), value);
    QVERIFY(request.cookie("absent").isNull());
}

void tst_RequestForm::cookieOfSeveralFields()
{
    const Request request = requestOf({.headers = {{"Cookie", "a=1"}, {"X", "c=3"}, {"cookie", "a=2; b=2"}}});
    QCOMPARE(request.cookie("a"), u"1"_qs);
    QCOMPARE(request.cookie("b"), u"2"_qs);
    QVERIFY(request.cookie("c").isNull());
    QCOMPARE(joined(request.cookies()), u"a=1|b=2"_qs);
}

void tst_RequestForm::forms_data()
{
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<QString>("expected");
    QTest::newRow("form") << QByteArray(urlEncoded) << u"a=1 2|a=3|b="_qs;
    QTest::newRow("with charset") << QByteArray("Application/X-WWW-Form-urlencoded ; charset=utf-8")
                                  << u"a=1 2|a=3|b="_qs;
    QTest::newRow("other type") << QByteArray("text/plain") << QString();
    QTest::newRow("longer type") << QByteArray("application/x-www-form-urlencoded2") << QString();
    QTest::newRow("no type") << QByteArray() << QString();
}

void tst_RequestForm::forms()
{
    QFETCH(QByteArray, type);
    QFETCH(QString, expected);
    const Request request = requestOf({.headers = {{"Content-Type", type}}, .body = "a=1+2&a=%33&b"});
    QCOMPARE(joined(request.formItems()), expected);
    QCOMPARE(request.form("a").isNull(), expected.isNull());
    QCOMPARE(request.formAll("a").size(), expected.isNull() ? 0 : 2);
    QVERIFY(request.form("c").isNull());
    QVERIFY(request.files().isEmpty());
}

void tst_RequestForm::multipartFields()
{
    auto *data = requestData({.headers = {{"Content-Type", "multipart/form-data"}}, .body = "..one..two.."});
    data->extra().isForm = true;
    data->extra().parts = {{"a", {}, {}, 2, 3, {}, false},
                           {"file", "x.txt", "text/plain", 0, 2, {}, true},
                           {"a", {}, {}, 7, 3, {}, false},
                           {"empty", {}, {}, 0, 0, {}, false}};
    const Request request(data);
    QCOMPARE(joined(request.formItems()), u"a=one|a=two|empty="_qs);
    QCOMPARE(request.form("a"), u"one"_qs);
    QCOMPARE(request.formAll("a"), QStringList({u"one"_qs, u"two"_qs}));
    QVERIFY(request.form("file").isNull());
    QVERIFY(!request.form("empty").isNull());
    QCOMPARE(request.files().size(), 1);
}

void tst_RequestForm::fieldInAFile()
{
    const QTemporaryDir folder;
    writeFile(folder.filePath(u"part"_qs), "long text");
    auto *data = requestData({});
    data->extra().isForm = true;
    data->extra().parts = {{"a", {}, {}, 0, 9, QFile::encodeName(folder.filePath(u"part"_qs)), false},
                           {"b", {}, {}, 0, 9, QFile::encodeName(folder.filePath(u"gone"_qs)), false}};
    const Request request(data);
    QCOMPARE(request.form("a"), u"long text"_qs);
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, request.form("b"));
}

void tst_RequestForm::json_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QJsonValue>("expected");
    QTest::newRow("object") << QByteArray(" {\"a\": 1}\n") << QJsonValue(QJsonObject{{u"a"_qs, 1}});
    QTest::newRow("array") << QByteArray("[1]") << QJsonValue(QJsonArray{1});
    QTest::newRow("text") << QByteArray("\"x\"") << QJsonValue(u"x"_qs);
    QTest::newRow("number") << QByteArray("\t-1.5 ") << QJsonValue(-1.5);
    QTest::newRow("true") << QByteArray("true") << QJsonValue(true);
    QTest::newRow("null") << QByteArray("null") << QJsonValue(QJsonValue::Null);
}

void tst_RequestForm::json()
{
    QFETCH(QByteArray, body);
    const Result<QJsonValue> value = requestOf({.body = body}).json();
    QVERIFY2(value, value ? "" : qPrintable(value.error().message()));
    QTEST(*value, "expected");
}

void tst_RequestForm::jsonErrors_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("reason");
    QTest::newRow("empty") << QByteArray() << u"it is empty"_qs;
    QTest::newRow("blank") << QByteArray(" \n") << u"it is empty"_qs;
    QTest::newRow("two values") << QByteArray("1, 2") << u"more than one value at line 1, column 2"_qs;
    QTest::newRow("value and rest") << QByteArray("1 2") << u"at line 1, column 4"_qs;
    QTest::newRow("closes too much") << QByteArray("1]") << u"garbage at the end of the document"_qs;
    QTest::newRow("no value") << QByteArray("oops") << u"at line 1, column"_qs;
    QTest::newRow("third line") << QByteArray("{\n\"a\": 1,\n  x}") << u"at line 3, column 4"_qs;
    QTest::newRow("cut short") << QByteArray("{\"a\":") << u"at line 1, column 6"_qs;
}

void tst_RequestForm::jsonErrors()
{
    QFETCH(QByteArray, body);
    QFETCH(QString, reason);
    const Result<QJsonValue> value = requestOf({.body = body}).json();
    QVERIFY(!value);
    QCOMPARE(value.error().code(), Error::Invalid);
    QVERIFY2(value.error().message().contains(reason), qPrintable(value.error().message()));
}

void tst_RequestForm::spooledBody()
{
    const QTemporaryDir folder;
    const QByteArray bytes = "{\"a\": \"" + QByteArray(100'000, 'x') + "\"}";
    writeFile(folder.filePath(u"body"_qs), bytes);
    auto *data = requestData({});
    data->extra().bodyPath = QFile::encodeName(folder.filePath(u"body"_qs));
    data->extra().bodySize = quint64(bytes.size());
    const Request request(data);
    QCOMPARE(request.body(), bytes);
    // Mapped, and so there even when the file has gone.
    QVERIFY(QFile::remove(folder.filePath(u"body"_qs)));
    QCOMPARE(request.body(), bytes);
    QCOMPARE((*request.json())[u"a"].toString().size(), 100'000);
}

void tst_RequestForm::spooledBodyOfAnotherSize()
{
    const QTemporaryDir folder;
    writeFile(folder.filePath(u"body"_qs), "short");
    auto *data = requestData({});
    data->extra().bodyPath = QFile::encodeName(folder.filePath(u"body"_qs));
    data->extra().bodySize = 6;
    const Request request(data);
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, request.body());
    data->extra().bodyPath += "-gone";
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, request.body());
}

void tst_RequestForm::trailers()
{
    auto *data = requestData({});
    data->extra().trailers = "X-Sum: 12\r\nX-Empty:\r\nx-sum: 13\r\n";
    const Request request(data);
    QCOMPARE(request.trailer("x-sum"), QByteArrayView("12"));
    QVERIFY(request.trailer("X-Empty").isEmpty() && !request.trailer("X-Empty").isNull());
    QVERIFY(request.trailer("X-None").isNull());
    QVERIFY(requestOf({}).trailer("X-Sum").isNull());
}

QTEST_APPLESS_MAIN(tst_RequestForm)
#include "tst_requestform.moc"
