#include <Quern/payload.h>

#include <QCborMap>
#include <QCborValue>
#include <QDateTime>
#include <QPoint>
#include <QSize>
#include <QTest>
#include <QUuid>

#include <limits>
#include <map>
#include <vector>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;

/// Nobody has told Qt of it.
struct Own
{
    int number = 0;
};
enum class Colour { Red, Blue = 5 };

class tst_Payload : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void values_data();
    void values();
    void nested();
    void conversions_data();
    void conversions();
    void refusals_data();
    void refusals();
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

void tst_Payload::conversions_data()
{
    QTest::addColumn<QVariant>("given");
    QTest::addColumn<QVariant>("kept");
    const QVariantList numbers{1LL, 2LL};
    const auto row = [](const char *name, const QVariant &given, const QVariant &kept) {
        QTest::newRow(name) << given << kept;
    };
    row("QList<int>", QVariant::fromValue(QList<int>{1, 2}), numbers);
    row("QList<qint64>", QVariant::fromValue(QList<qint64>{1, 2}), numbers);
    row("std::vector", QVariant::fromValue(std::vector<int>{1, 2}), numbers);
    row("QByteArrayList", QVariant::fromValue(QByteArrayList{"a", "b"}), QVariantList{"a"_ba, "b"_ba});
    row("QStringList", QStringList{u"a"_s}, QVariantList{u"a"_s});
    row("QMap", QVariant::fromValue(QMap<QString, int>{{u"a"_s, 1}}), QVariantMap{{u"a"_s, 1LL}});
    row("QHash", QVariant::fromValue(QHash<QString, int>{{u"a"_s, 1}}), QVariantMap{{u"a"_s, 1LL}});
    row("QVariantHash", QVariantHash{{u"a"_s, 1}}, QVariantMap{{u"a"_s, 1LL}});
    row("std::map", QVariant::fromValue(std::map<QString, QByteArray>{{u"a"_s, "b"}}), QVariantMap{{u"a"_s, "b"_ba}});
    row("keys that are numbers", QVariant::fromValue(QMap<int, int>{{7, 1}}), QVariantMap{{u"7"_s, 1LL}});
    row("lists in a list", QVariant::fromValue(QList<QList<int>>{{1, 2}}), QVariantList{QVariant(numbers)});
    row("short", QVariant::fromValue(short(-3)), -3LL);
    row("long", QVariant::fromValue(-5L), -5LL);
    row("unsigned long", QVariant::fromValue(5UL), 5LL);
    row("the largest qint64, unsigned", quint64(std::numeric_limits<qint64>::max()),
        std::numeric_limits<qint64>::max());
    row("enumerator", QVariant::fromValue(Colour::Blue), 5LL);
    row("a character", QChar(u'x'), u"x"_s);
    row("nothing", QVariant::fromValue(nullptr), QVariant::fromValue(nullptr));
    row("invalid", QVariant(), QVariant());
    row("a number in a QVariantList", QVariantList{QVariant::fromValue(5L)}, QVariantList{5LL});
}

void tst_Payload::conversions()
{
    QFETCH(const QVariant, given);
    QFETCH(const QVariant, kept);
    const Payload payload({{u"value"_s, given}});
    QCOMPARE(payload.problem(), QString());
    QCOMPARE(payload.value(u"value"_s), kept);
    QCOMPARE(payload.value(u"value"_s).typeId(), kept.typeId());
    QCOMPARE(payload.map().keys(), QStringList{u"value"_s});
}

void tst_Payload::refusals_data()
{
    QTest::addColumn<QVariant>("given");
    QTest::addColumn<QString>("problem");
    const QString isA = u"is a %1, which a payload cannot keep: make text, a number, a list or a map of it"_s;
    QTest::newRow("a QSize in a list") << QVariant(QVariantList{1, 2, QSize(1, 2)}) << u"[2] "_s + isA.arg(u"QSize"_s);
    QTest::newRow("a QPoint in maps") << QVariant(QVariantMap{{u"a"_s, QVariantMap{{u"b"_s, QPoint()}}}})
                                      << u".a.b "_s + isA.arg(u"QPoint"_s);
    QTest::newRow("QList<QSize>") << QVariant::fromValue(QList<QSize>{QSize()}) << u"[0] "_s + isA.arg(u"QSize"_s);
    QTest::newRow("QMap<QString, QSize>")
        << QVariant::fromValue(QMap<QString, QSize>{{u"k"_s, QSize()}}) << u".k "_s + isA.arg(u"QSize"_s);
    QTest::newRow("QDate") << QVariant(QDate(2026, 1, 31)) << u" "_s + isA.arg(u"QDate"_s);
    QTest::newRow("std::pair") << QVariant::fromValue(std::pair<int, int>(1, 2))
                               << u" "_s + isA.arg(u"std::pair<int,int>"_s);
    QTest::newRow("an own struct") << QVariant::fromValue(Own()) << u" "_s + isA.arg(u"Own"_s);
    QTest::newRow("more than a qint64")
        << QVariant(std::numeric_limits<quint64>::max())
        << u" is 18446744073709551615, which is more than a qint64 holds: give it as text"_s;
    QVariant deep = 1;
    for (int depth = 0; depth < 1100; ++depth)
        deep = QVariantList{deep};
    QTest::newRow("too deep") << deep << u"[0]"_s.repeated(65) + u"[… is nested deeper than 1000"_s;
}

void tst_Payload::refusals()
{
    QFETCH(const QVariant, given);
    QFETCH(const QString, problem);
    const Payload payload({{u"good"_s, 1}, {u"ids"_s, given}});
    QCOMPARE(payload.problem(), u"payload.ids"_s + problem);
    QVERIFY(payload.map().isEmpty());
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
