#include "settingsfile.h"

using namespace Quern;
using namespace Quern::config;

/// What [metrics] may say, beside what tst_keytables reads.
class tst_MetricsSettings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refusals_data();
    void refusals();
};

void tst_MetricsSettings::refusals_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("expected");
    const QString status = QStringLiteral(
        "ignored_status: must be a list of at most 500 numbers, each a status such as 404 from 100 to 599, not %1; "
        "write ignored_status = []");
    QTest::newRow("no list") << QByteArray("ignored_status = 404") << status.arg(u"404");
    QTest::newRow("no status") << QByteArray("ignored_status = [404, 99]") << status.arg(u"an array");
    QTest::newRow("no integer") << QByteArray("ignored_status = [404.5]") << status.arg(u"an array");
    QTest::newRow("twice") << QByteArray("ignored_status = [404, 404]") << status.arg(u"an array");
    const QString buckets =
        QStringLiteral("buckets: must be a list of 1 to 32 rising numbers, each a number of seconds such as 0.25 from "
                       "1e-06 to 3600, not an array; write buckets = [");
    QTest::newRow("no bucket") << QByteArray("buckets = []") << buckets;
    QTest::newRow("not rising") << QByteArray("buckets = [1, 0.5]") << buckets;
    QTest::newRow("words") << QByteArray("buckets = [\"1s\"]") << buckets;
    QTest::newRow("not positive") << QByteArray("buckets = [0, 1]") << buckets;
    QTest::newRow("no number") << QByteArray("buckets = [nan]") << buckets;
    QTest::newRow("without an end") << QByteArray("buckets = [1, inf]") << buckets;
    QByteArray many;
    for (int i = 1; i <= 33; ++i)
        many += QByteArray::number(i) + ',';
    QTest::newRow("too many") << "buckets = [" + many + ']' << buckets;
    const QString path = QStringLiteral("path: must be a path such as \"/metrics\", not the string \"%1\"; write path "
                                        "= \"/actuator/prometheus\"");
    QTest::newRow("no path") << QByteArray("path = \"metrics\"") << path.arg(u"metrics");
    QTest::newRow("a query") << QByteArray("path = \"/m?x=1\"") << path.arg(u"/m?x=1");
    QTest::newRow("a place of the API") << QByteArray("path = \"/healthz\"") << path.arg(u"/healthz");
    QTest::newRow("another") << QByteArray("path = \"/api/v1/metrics\"") << path.arg(u"/api/v1/metrics");
    QTest::newRow("dots") << QByteArray("path = \"/a/../b\"") << path.arg(u"/a/../b");
    QTest::newRow("the root") << QByteArray("path = \"/\"") << path.arg(u"/");
}

void tst_MetricsSettings::refusals()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, expected);
    checkRefused("[metrics]\n" + line + '\n', QStringLiteral("quern.toml:2: metrics.") + expected);
}

QTEST_GUILESS_MAIN(tst_MetricsSettings)
#include "tst_metricssettings.moc"
