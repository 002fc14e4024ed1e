#include "protocol/http/negotiation.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;

/// Accept.
class NegotiationTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void qualities_data();
    void qualities();
    void json_data();
    void json();
};

void NegotiationTest::qualities_data()
{
    QTest::addColumn<QByteArray>("accept");
    QTest::addColumn<QByteArray>("mediaType");
    QTest::addColumn<int>("expected");
    const auto row = [](const char *accept, const char *mediaType, int expected) {
        QTest::addRow("'%s' for %s", accept, mediaType) << QByteArray(accept) << QByteArray(mediaType) << expected;
    };
    row("", "text/html", 1000);
    row("*/*", "text/html", 1000);
    row("text/html", "TEXT/Html", 1000);
    row("text/html", "text/plain", 0);
    row("text/*;q=0.5", "text/html", 500);
    row("text/*", "textual/html", 0);
    row("*/*;q=0.1, text/*;q=0.5, text/html;q=0", "text/html", 0);
    row("text/html;q=0.25, */*;q=0.1", "text/html", 250);
    row("text/html;q=0.2, text/html;q=0.8", "text/html", 800);
    row("*/html", "text/html", 0);
    row("*", "text/html", 0);
    row("text/html;q=2, */*;q=0.3", "text/html", 300);
    row("text/html;charset=utf-8", "text/html", 1000);
    row("text/html; a=\",\", image/png", "image/png", 1000);
    row("text/html;level=1", "text/html", 0);
    row("text/html;level=1", "text/html; Level=1", 1000);
    row("text/html;q=0.4;ext=1", "text/html", 400);
    // RFC 9110 §12.5.1
    const char *const example =
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
    row(example, "text/plain;format=flowed", 1000);
    row(example, "text/plain", 700);
    row(example, "text/html", 300);
    row(example, "image/jpeg", 500);
    row(example, "text/plain;format=fixed", 400);
    row(example, "text/html;level=3", 300);
}

void NegotiationTest::qualities()
{
    QFETCH(QByteArray, accept);
    QFETCH(QByteArray, mediaType);
    QFETCH(int, expected);
    QCOMPARE(qualityOf(accept, mediaType), expected);
}

void NegotiationTest::json_data()
{
    QTest::addColumn<QByteArray>("accept");
    QTest::addColumn<bool>("expected");
    const auto row = [](const char *accept, bool expected) {
        QTest::addRow("'%s'", accept) << QByteArray(accept) << expected;
    };
    row("", false);
    row("*/*", false);
    row("application/json", true);
    row("application/json, */*;q=0.5", true);
    row("application/json, text/plain, */*", false);
    row("application/json, text/html", false);
    row("application/json, text/html;q=0.9", true);
    row("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false);
    row("application/*", true);
    row("application/vnd.api+json", true);
    row("application/problem+JSON, text/html;q=0.5", true);
    row("application/problem+json;q=0.5, text/html", false);
    row("+json", false);
    row("application/json;q=0", false);
    row("image/png", false);
}

void NegotiationTest::json()
{
    QFETCH(QByteArray, accept);
    QFETCH(bool, expected);
    QCOMPARE(prefersJson(accept), expected);
}

QTEST_APPLESS_MAIN(NegotiationTest)
#include "tst_negotiation.moc"
