#include "admin-gui/models/payloadtext.h"

#include <QCborMap>
#include <QCborValue>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

class tst_PayloadText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void map();
    void cbor();
    void truncatedCbor();
    void noCbor();
    void bytes();
    void textIsReadable();
    void truncatedBytes();
    void longTextsAreCut();
    void hexDump_data();
    void hexDump();
};

namespace {

DeadLetterPayload payloadOf(DeadLetterPayload::Kind kind, const QByteArray &bytes)
{
    return {kind, {}, QString::fromLatin1(bytes.toBase64()), bytes.size(), false};
}

} // namespace

void tst_PayloadText::map()
{
    const PayloadText shown =
        PayloadText::of({DeadLetterPayload::Kind::Map, {{u"a"_s, 1}, {u"b"_s, u"茶"_s}}, {}, 20, false});
    QCOMPARE(shown.text, u"{\n    \"a\": 1,\n    \"b\": \"茶\"\n}"_s);
    QVERIFY(shown.summary.contains(u"20"_s));
}

void tst_PayloadText::cbor()
{
    const QByteArray bytes = QCborValue(QCborMap{{u"a"_s, 1}}).toCbor();
    QCOMPARE(PayloadText::of(payloadOf(DeadLetterPayload::Kind::Cbor, bytes)).text, u"{\n    \"a\": 1\n}"_s);
}

void tst_PayloadText::truncatedCbor()
{
    const QByteArray whole = QCborValue(QCborMap{{u"a"_s, QString(1000, u'x')}}).toCbor();
    DeadLetterPayload payload = payloadOf(DeadLetterPayload::Kind::Cbor, whole.first(100));
    payload.size = whole.size();
    payload.truncated = true;
    const PayloadText shown = PayloadText::of(payload);
    QVERIFY(shown.text.startsWith(u"00000000  a1 61 61"_s));
    QVERIFY(shown.summary.contains(u"the first 100"_s));
}

void tst_PayloadText::noCbor()
{
    QVERIFY(
        PayloadText::of(payloadOf(DeadLetterPayload::Kind::Cbor, "\xa1\x61")).text.startsWith(u"00000000  a1 61"_s));
    // Arrays in arrays: a decoder that recurses has to end somewhere.
    const QByteArray deep(100'000, '\x81');
    QVERIFY(PayloadText::of(payloadOf(DeadLetterPayload::Kind::Cbor, deep)).text.startsWith(u"00000000  81 81"_s));
}

void tst_PayloadText::bytes()
{
    const PayloadText shown = PayloadText::of(payloadOf(DeadLetterPayload::Kind::Bytes, QByteArray("\0\xff", 2)));
    QVERIFY(shown.text.startsWith(u"00000000  00 ff "_s));
    QVERIFY(!shown.summary.contains(u"first"_s));
    QCOMPARE(PayloadText::of(payloadOf(DeadLetterPayload::Kind::Bytes, {})).text, QString());
}

void tst_PayloadText::textIsReadable()
{
    const QString text = PayloadText::of(payloadOf(DeadLetterPayload::Kind::Bytes, "héllo\n")).text;
    QVERIFY(text.startsWith(u"héllo\n"_s));
    QVERIFY(text.contains(u"00000000  68 c3 a9 6c"_s));
    QVERIFY(PayloadText::of(payloadOf(DeadLetterPayload::Kind::Bytes, "a\x1b")).text.startsWith(u"00000000"_s));
}

void tst_PayloadText::truncatedBytes()
{
    DeadLetterPayload payload = payloadOf(DeadLetterPayload::Kind::Bytes, "abc");
    payload.size = 3'000'000;
    payload.truncated = true;
    QVERIFY(PayloadText::of(payload).summary.contains(u"the first 3"_s));
}

void tst_PayloadText::longTextsAreCut()
{
    const QJsonObject map{{u"a"_s, QString(PayloadText::LongestText, u'x')}};
    const PayloadText json = PayloadText::of({DeadLetterPayload::Kind::Map, map, {}, 300'000, false});
    QCOMPARE(json.text.size(), PayloadText::LongestText);
    QVERIFY(json.summary.contains(u"beginning"_s));
    const QByteArray zeros(PayloadText::MostDumped + 1, '\0');
    const PayloadText dump = PayloadText::of(payloadOf(DeadLetterPayload::Kind::Bytes, zeros));
    QCOMPARE(dump.text.count(u'\n'), PayloadText::MostDumped / 16);
    QVERIFY(dump.summary.contains(u"in hex"_s));
}

void tst_PayloadText::hexDump_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("dump");
    QTest::newRow("none") << QByteArray() << QString();
    QTest::newRow("a whole line") << QByteArray("0123456789abcdef")
                                  << u"00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"_s;
    QTest::newRow("one byte more") << QByteArray("0123456789abcdef%")
                                   << u"00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"
                                      "00000010  25                                               %\n"_s;
    QTest::newRow("placeholders") << QByteArray("%1%3")
                                  << u"00000000  25 31 25 33                                      %1%3\n"_s;
}

void tst_PayloadText::hexDump()
{
    QFETCH(const QByteArray, bytes);
    QFETCH(const QString, dump);
    QCOMPARE(PayloadText::hexDump(bytes), dump);
}

QTEST_GUILESS_MAIN(tst_PayloadText)
#include "tst_payloadtext.moc"
