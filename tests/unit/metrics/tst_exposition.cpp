#include "metrics/exposition.h"
#include "metrics/families.h"

#include <QTest>

using namespace Quern::metrics;

class tst_Exposition : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theApplicationLabelsEveryMetric();
    void familiesWithoutMetricsAreLeftOut();
    void labelValuesAreEscaped();
    void helpIsEscaped();
};

void tst_Exposition::theApplicationLabelsEveryMetric()
{
    prometheus::MetricFamily rows = family("table_rows", "Rows.", prometheus::MetricType::Gauge);
    addValue(rows, {{"table", "a"}}, 1);
    addValue(rows, {{"table", "b"}}, 2);
    const prometheus::MetricFamily runs = single("runs_total", "Runs.", prometheus::MetricType::Counter, 7);
    QCOMPARE(exposition({rows, runs}, "shop"), "# HELP table_rows Rows.\n"
                                               "# TYPE table_rows gauge\n"
                                               "table_rows{application=\"shop\",table=\"a\"} 1\n"
                                               "table_rows{application=\"shop\",table=\"b\"} 2\n"
                                               "# HELP runs_total Runs.\n"
                                               "# TYPE runs_total counter\n"
                                               "runs_total{application=\"shop\"} 7\n");
    QVERIFY(exposition({runs}, "").endsWith("runs_total 7\n"));
}

void tst_Exposition::familiesWithoutMetricsAreLeftOut()
{
    QCOMPARE(exposition({family("table_rows", "Rows.", prometheus::MetricType::Gauge)}, "shop"), "");
}

void tst_Exposition::labelValuesAreEscaped()
{
    prometheus::MetricFamily rows = family("table_rows", "Rows.", prometheus::MetricType::Gauge);
    addValue(rows, {{"table", "a\"b\\c\nd"}}, 1);
    QVERIFY(exposition({rows}, "").contains("table_rows{table=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

void tst_Exposition::helpIsEscaped()
{
    const prometheus::MetricFamily runs =
        single("runs_total", "Runs of \"x\".\nAs \\d says.", prometheus::MetricType::Counter, 7);
    QCOMPARE(exposition({runs}, ""), "# HELP runs_total Runs of \"x\".\\nAs \\\\d says.\n"
                                     "# TYPE runs_total counter\n"
                                     "runs_total 7\n");
}

QTEST_GUILESS_MAIN(tst_Exposition)
#include "tst_exposition.moc"
