#include "ipc/bodylayout.h"
#include "ipc/messages.h"

#include <QTest>

using namespace Quern;
using ipc::BodyLayout;
using ipc::FileAnswer;

namespace {

BodyLayout sample()
{
    BodyLayout layout;
    layout.path = "/tmp/a";
    layout.size = 300;
    layout.trailers = "a: b\r\n";
    layout.isForm = true;
    layout.parts.append({"f", "x.txt", "text/plain", 0, 7, "/tmp/b", true});
    layout.parts.append({"g", {}, {}, 5, 1, {}, false});
    return layout;
}

const QByteArray goldenHex = QByteArrayLiteral(
    "a5 6466696c65 462f746d702f61 6473697a65 19012c 64666f726d f5 68747261696c657273 46613a20620d0a 657061727473 82"
    "a6 646e616d65 4166 6474797065 4a746578742f706c61696e 666f6666736574 00 6473697a65 07 6466696c65 462f746d702f62"
    "6866696c654e616d65 45782e747874"
    "a5 646e616d65 4167 6474797065 40 666f6666736574 05 6473697a65 01 6466696c65 40");

} // namespace

class TestBodyLayout : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goldenBytes();
    void roundTrip();
    void fileWithoutAName();
    void everyTruncationIsRefused();
    void plain();
    void goldenFileAnswer();
    void brokenFileAnswer_data();
    void brokenFileAnswer();
};

void TestBodyLayout::goldenBytes()
{
    QCOMPARE(sample().encode().toHex(), QByteArray::fromHex(goldenHex).toHex());
}

void TestBodyLayout::roundTrip()
{
    const Result<BodyLayout> layout = BodyLayout::decode(QByteArray::fromHex(goldenHex));
    QVERIFY(layout);
    QCOMPARE(*layout, sample());
}

void TestBodyLayout::fileWithoutAName()
{
    BodyLayout layout;
    layout.isForm = true;
    layout.parts.append({"f", "", "application/octet-stream", 0, 0, {}, true});
    const Result<BodyLayout> decoded = BodyLayout::decode(layout.encode());
    QVERIFY(decoded);
    QVERIFY(decoded->parts.first().isFile);
}

void TestBodyLayout::everyTruncationIsRefused()
{
    const QByteArray whole = sample().encode();
    for (qsizetype size = 0; size < whole.size(); ++size)
        QVERIFY2(!BodyLayout::decode(whole.first(size)), qPrintable(QString::number(size)));
    QVERIFY(!BodyLayout::decode(whole + '\0'));
}

void TestBodyLayout::plain()
{
    QVERIFY(BodyLayout().isPlain());
    QVERIFY(!sample().isPlain());
}

void TestBodyLayout::goldenFileAnswer()
{
    const FileAnswer answer = {0x0102, 0x0304, "/srv/a"};
    const QByteArray golden = QByteArray::fromHex("0201000000000000 0403000000000000") + "/srv/a";
    QCOMPARE(answer.encode().toHex(), golden.toHex());
    const Result<FileAnswer> decoded = FileAnswer::decode(golden);
    QVERIFY(decoded);
    QCOMPARE(*decoded, answer);
}

void TestBodyLayout::brokenFileAnswer_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("no path") << QByteArray(16, 'a');
    QTest::newRow("relative path") << QByteArray(16, 'a') + "srv/a";
    QTest::newRow("NUL in the path") << QByteArray(16, 'a') + QByteArray("/srv\0/a", 7);
}

void TestBodyLayout::brokenFileAnswer()
{
    QFETCH(const QByteArray, bytes);
    QVERIFY(!FileAnswer::decode(bytes));
}

QTEST_APPLESS_MAIN(TestBodyLayout)
#include "tst_bodylayout.moc"
