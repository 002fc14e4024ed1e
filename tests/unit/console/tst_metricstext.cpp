#include "admin-gui/store/metricstext.h"
#include "admin-gui/store/quantile.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace Quern;
using namespace Quern::console;

class tst_metricstext : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsFamiliesAndSamples();
    void readsEscapes();
    void readsSpecialNumbers();
    void seriesCanBeReadAgain();
    void refuses_data();
    void refuses();
    void quantiles();
};

void tst_metricstext::readsFamiliesAndSamples()
{
    const Result<MetricsSnapshot> snapshot = MetricsSnapshot::parse(u"# HELP a_seconds How long.\n"
                                                                    u"# TYPE a_seconds histogram\n"
                                                                    u"a_seconds_bucket{le=\"0.1\"} 3\n"
                                                                    u"a_seconds_bucket{le=\"+Inf\"} 4\n"
                                                                    u"a_seconds_sum 1.5\n"
                                                                    u"\n# a remark\n"
                                                                    u"b_total{x=\"1\",y=\"2\",} 7 1700000000000\n");
    QVERIFY2(snapshot.ok(), snapshot ? "" : qPrintable(snapshot.error().message()));
    QCOMPARE(snapshot->samples.size(), 4);
    const MetricFamily *family = snapshot->familyOf(snapshot->samples.at(0));
    QVERIFY(family);
    QCOMPARE(family->type, QStringLiteral("histogram"));
    QCOMPARE(family->help, QStringLiteral("How long."));
    QCOMPARE(snapshot->familyOf(snapshot->samples.at(2)), family);
    QVERIFY(!snapshot->familyOf(snapshot->samples.at(3)));
    QCOMPARE(snapshot->samples.at(3).series(), QStringLiteral("b_total{x=\"1\",y=\"2\"}"));
    QCOMPARE(snapshot->samples.at(3).value, 7.0);
}

void tst_metricstext::readsEscapes()
{
    const Result<MetricsSnapshot> snapshot = MetricsSnapshot::parse(u"a{path=\"C:\\\\x\\\"y\\nz\"} 1");
    QVERIFY(snapshot.ok());
    QCOMPARE(snapshot->samples.at(0).labels.value(QStringLiteral("path")), QStringLiteral("C:\\x\"y\nz"));
}

void tst_metricstext::readsSpecialNumbers()
{
    const Result<MetricsSnapshot> snapshot = MetricsSnapshot::parse(u"a NaN\nb +Inf\nc -Inf\nd 1e-3");
    QVERIFY(snapshot.ok());
    QVERIFY(std::isnan(snapshot->samples.at(0).value));
    QVERIFY(std::isinf(snapshot->samples.at(1).value));
    QVERIFY(snapshot->samples.at(2).value < 0);
    QCOMPARE(snapshot->samples.at(3).value, 0.001);
}

void tst_metricstext::seriesCanBeReadAgain()
{
    const MetricSample sample{QStringLiteral("a"), {{QStringLiteral("b"), QStringLiteral("\"\\\n")}}, 1};
    const Result<MetricsSnapshot> snapshot = MetricsSnapshot::parse(QString(sample.series() + QStringLiteral(" 1")));
    QVERIFY(snapshot.ok());
    QCOMPARE(snapshot->samples, QList<MetricSample>{sample});
}

void tst_metricstext::refuses_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("no value") << "a";
    QTest::newRow("no number") << "a b";
    QTest::newRow("no name") << "{a=\"b\"} 1";
    QTest::newRow("no end of labels") << "a{b=\"c\" 1";
    QTest::newRow("no end of a label") << "a{b=\"c} 1";
    QTest::newRow("no quotes") << "a{b=c} 1";
    QTest::newRow("backslash at the end") << "a{b=\"c\\";
}

void tst_metricstext::refuses()
{
    QFETCH(QString, text);
    const Result<MetricsSnapshot> snapshot = MetricsSnapshot::parse(QString(QStringLiteral("ok 1\n") + text));
    QVERIFY(!snapshot.ok());
    QVERIFY(snapshot.error().message().startsWith(QStringLiteral("line 2")));
}

void tst_metricstext::quantiles()
{
    const double infinity = std::numeric_limits<double>::infinity();
    const Buckets before{{0.1, 10}, {1, 10}, {infinity, 10}};
    const Buckets now{{0.1, 60}, {1, 100}, {infinity, 110}};
    // Of 100 between the two, 50 were below 0.1, 90 below 1, and 10 above.
    QCOMPARE(quantileOf(now, before, 0.5), std::optional(0.1));
    QCOMPARE(quantileOf(now, before, 0.25), std::optional(0.05));
    QCOMPARE(*quantileOf(now, before, 0.7), 0.1 + 0.9 * 20 / 40);
    QCOMPARE(quantileOf(now, before, 0.99), std::optional(1.0));
    QVERIFY(!quantileOf(now, now, 0.5));
    QVERIFY(!quantileOf({}, {}, 0.5));
    QCOMPARE(quantileOf(now, {}, 0.5), std::optional(0.1 * 55 / 60));
}

QTEST_MAIN(tst_metricstext)
#include "tst_metricstext.moc"
