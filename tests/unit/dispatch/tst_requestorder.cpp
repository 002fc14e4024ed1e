#include "dispatch/requestorder.h"

#include "ipc/frame.h"

#include <QTest>

using namespace Quern;
using namespace Quern::dispatch;

/// What of a request crosses to a worker at once.
class TestRequestOrder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void noMoreThanAFrameHolds_data();
    void noMoreThanAFrameHolds();
};

void TestRequestOrder::noMoreThanAFrameHolds_data()
{
    QTest::addColumn<qsizetype>("layoutSize");
    QTest::addColumn<bool>("fits");
    QTest::newRow("usual") << qsizetype(1000) << true;
    QTest::newRow("long") << qsizetype(ipc::MaxFramePayload - 2 * ipc::MaxBodyPart) << true;
    QTest::newRow("too long") << qsizetype(ipc::MaxFramePayload - ipc::MaxBodyPart) << false;
}

void TestRequestOrder::noMoreThanAFrameHolds()
{
    QFETCH(const qsizetype, layoutSize);
    QFETCH(const bool, fits);
    const QByteArray bytes = "POST /a HTTP/1.1\r\nHost: b\r\n\r\n";
    protocol::http::RequestHead head;
    head.bytes = bytes;
    head.method = {0, 4};
    head.target = {5, 2};
    const std::unique_ptr<Exchange> exchange = newExchange(head);
    const net::Peer peer;
    const Result<void> made = makeOrder(*exchange, head, "body", QByteArray(layoutSize, 'l'), {peer}, HttpSettings());
    QCOMPARE(made.ok(), fits);
    QCOMPARE(exchange->payload.size() > layoutSize, fits);
    if (!fits)
        QCOMPARE(made.error().code(), Error::TooLarge);
    QVERIFY(exchange->payload.size() + ipc::ClaimTicketSize + ipc::MaxBodyPart <= ipc::MaxFramePayload);
}

QTEST_APPLESS_MAIN(TestRequestOrder)
#include "tst_requestorder.moc"
