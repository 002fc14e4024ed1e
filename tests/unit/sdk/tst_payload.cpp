#include <Quern/payload.h>

#include <QCborMap>
#include <QCborValue>
#include <QDateTime>
#include <QTest>
#include <QUuid>

#include <limits>

using namespace Quern;

class tst_Payload : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void values_data();
    void values();
    void nested();
    void empty();
    void bytes();
    void whatIsNoMap();
    void laterEntriesWin();
};

void tst_Payload::values_data()
{
    QTest::addColumn<QVariant>("value");
    QTest::newRow("true") << QVariant(true);
    QTest::newRow("false") << QVariant(false);
    QTest::newRow("int") << QVariant(-5);
    QTest::newRow("smallest integer") << QVariant(std::numeric_limits<qint64>::min());
    QTest::newRow("largest integer") << QVariant(std::numeric_limits<qint64>::max());
    QTest::newRow("float") << QVariant(0.1);
    QTest::newRow("no text") << QVariant(QStringLiteral(""));
    QTest::newRow("text") << QVariant(QStringLiteral("grüße 日本 \U0001F600"));
    QTest::newRow("bytes") << QVariant(QByteArray("\0\xff\x80", 3));
    QTest::newRow("time") << QVariant(QDateTime(QDate(2026, 1, 31), QTime(12, 0, 0, 250), Qt::UTC));
    QTest::newRow("list") << QVariant(QVariantList{1, QStringLiteral("two"), QVariantList{3.5}});
    QTest::newRow("map") << QVariant(QVariantMap{{QStringLiteral("a"), QVariantMap{{QStringLiteral("b"), 1}}}});
}

void tst_Payload::values()
{
    QFETCH(const QVariant, value);
    const Payload payload({{QStringLiteral("value"), value}});
    QVERIFY(payload.isMap());
    QCOMPARE(payload.map().size(), 1);
    const QVariant back = payload.value(QStringLiteral("value"));
    // Integers come back as qint64.
    QCOMPARE(QVariant(back).convert(value.metaType()), true);
    QCOMPARE(back, value);
    QVERIFY(QCborValue::fromCbor(payload.bytes()).isMap());
    QVERIFY(payload == Payload(payload.map()));
}

void tst_Payload::nested()
{
    QVariant inner = QStringLiteral("core");
    for (int depth = 0; depth < 100; ++depth)
        inner = depth % 2 ? QVariant(QVariantMap{{QStringLiteral("in"), inner}}) : QVariant(QVariantList{inner});
    const QVariantMap map = {{QStringLiteral("deep"), inner}, {QStringLiteral("list"), QStringList{{}, {}}}};
    QCOMPARE(Payload(map).map().value(QStringLiteral("deep")), inner);
    QCOMPARE(Payload(map).value(QStringLiteral("list")).toStringList().size(), 2);
}

void tst_Payload::empty()
{
    const Payload payload;
    QVERIFY(payload.isMap());
    QVERIFY(payload.map().isEmpty());
    QVERIFY(payload.bytes().isEmpty());
    QVERIFY(!payload.value(QStringLiteral("any")).isValid());
    QVERIFY(payload == Payload(QVariantMap()));
    QVERIFY(!(payload == Payload(QByteArray())));
}

void tst_Payload::bytes()
{
    const QByteArray bytes("\0\xff any", 6);
    const Payload payload(bytes);
    QVERIFY(!payload.isMap());
    QCOMPARE(payload.bytes(), bytes);
    QVERIFY(payload.map().isEmpty());
    QVERIFY(!payload.value(QStringLiteral("any")).isValid());
}

void tst_Payload::whatIsNoMap()
{
    // The bytes of a map are bytes, if they are given as bytes.
    const Payload map({{QStringLiteral("a"), 1}});
    const Payload same(map.bytes());
    QVERIFY(!same.isMap());
    QVERIFY(!(same == map));
    QVERIFY(same.map().isEmpty());
}

void tst_Payload::laterEntriesWin()
{
    const Payload payload({{QStringLiteral("a"), 1}, {QStringLiteral("a"), 2}});
    QCOMPARE(payload.map(), (QVariantMap{{QStringLiteral("a"), 2}}));
}

QTEST_GUILESS_MAIN(tst_Payload)
#include "tst_payload.moc"
