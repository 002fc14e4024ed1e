#include "admin-gui/actions/connectionactions.h"
#include "admin-gui/models/connectionmodel.h"
#include "admin/protocol/methods.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace Quern;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

/// Live connections as they are listed, found, closed and pushed to.
class tst_ConnectionModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsShown();
    void aUserThatIsNoText();
    void order_data();
    void order();
    void filter_data();
    void filter();
    void aSweepDropsWhatItHasNotMet();
    void aBrokenPageIsAnError();
    void whoIsHit_data();
    void whoIsHit();
    void closing();
    void pushing();
};

namespace {

admin::ConnectionDescription description(quint64 id, const QString &address, const QByteArray &user)
{
    admin::ConnectionDescription description;
    description.id = QString::number(id);
    description.kind = Connection::Kind::WebSocket;
    description.port = u"main"_s;
    description.remoteAddress = address;
    description.remotePort = 40000;
    description.user.bytes = user;
    description.openedAt = QDateTime::fromMSecsSinceEpoch(1'750'000'000'000 + qint64(id) * 1000, Qt::UTC);
    description.lastReceivedAt = description.openedAt.addSecs(5);
    description.bytesReceived = qint64(id) * 10;
    description.bytesSent = 2048;
    return description;
}

QList<Connection> sample()
{
    admin::ConnectionDescription unix = description(4, {}, "");
    unix.remotePort = 0;
    unix.kind = Connection::Kind::Stream;
    unix.port = u"telnet"_s;
    unix.pendingBytes = ConnectionModel::SlowReaderBytes;
    return {Connection::of(description(1, u"10.0.0.10"_s, "ada")), Connection::of(description(2, u"10.0.0.9"_s, "Bob")),
            Connection::of(description(3, u"2001:db8::1"_s, "ÉMILE")), Connection::of(unix)};
}

QList<quint64> ids(const ConnectionModel &model)
{
    QList<quint64> ids;
    for (int row = 0; row < model.rowCount(); ++row)
        ids.append(model.at(row).id);
    return ids;
}

constexpr auto Strict = QAbstractItemModelTester::FailureReportingMode::QtTest;

} // namespace

void tst_ConnectionModel::whatIsShown()
{
    ConnectionModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.beginSweep();
    model.putPage(sample());
    QStringList row;
    for (int column = 0; column < model.columnCount(); ++column)
        row.append(model.index(3, column).data().toString());
    QCOMPARE(row.at(ConnectionModel::Id), u"4"_s);
    QCOMPARE(row.at(ConnectionModel::Kind), u"stream"_s);
    QCOMPARE(row.at(ConnectionModel::Port), u"telnet"_s);
    QCOMPARE(row.at(ConnectionModel::Address), u"Unix socket"_s);
    QCOMPARE(row.at(ConnectionModel::User), QString());
    QCOMPARE(row.at(ConnectionModel::BytesIn), u"40 bytes"_s);
    QCOMPARE(row.at(ConnectionModel::Waiting), u"64.0 KiB"_s);
    QCOMPARE(model.index(3, ConnectionModel::Waiting).data(ToneRole).toInt(), int(Tone::Warning));
    QCOMPARE(model.index(0, ConnectionModel::Waiting).data(ToneRole).toInt(), int(Tone::Faint));
    QCOMPARE(model.index(2, ConnectionModel::Address).data().toString(), u"[2001:db8::1]:40000"_s);
    QVERIFY(!model.index(0, ConnectionModel::Opened).data().toString().isEmpty());
    QVERIFY(model.index(0, ConnectionModel::Opened).data(Qt::ToolTipRole).toString().startsWith(u"2025-06-1"));
    QCOMPARE(model.index(1, 0).data(KeyRole).toString(), u"2"_s);
}

void tst_ConnectionModel::aUserThatIsNoText()
{
    QCOMPARE(Connection::of(description(1, {}, "\xff\x01")).user, u"hex:ff01"_s);
}

void tst_ConnectionModel::order_data()
{
    QTest::addColumn<int>("column");
    QTest::addColumn<QList<quint64>>("expected");
    QTest::newRow("by number") << int(ConnectionModel::Id) << QList<quint64>{1, 2, 3, 4};
    QTest::newRow("addresses by value") << int(ConnectionModel::Address) << QList<quint64>{4, 2, 1, 3};
    QTest::newRow("users in any case") << int(ConnectionModel::User) << QList<quint64>{4, 1, 2, 3};
    QTest::newRow("bytes by value") << int(ConnectionModel::BytesIn) << QList<quint64>{1, 2, 3, 4};
    QTest::newRow("kinds") << int(ConnectionModel::Kind) << QList<quint64>{1, 2, 3, 4};
}

void tst_ConnectionModel::order()
{
    QFETCH(int, column);
    QFETCH(QList<quint64>, expected);
    ConnectionModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.putPage(sample());
    model.sort(ConnectionModel::Opened, Qt::DescendingOrder);
    model.sort(column, Qt::AscendingOrder);
    QCOMPARE(ids(model), expected);
}

void tst_ConnectionModel::filter_data()
{
    QTest::addColumn<QString>("filter");
    QTest::addColumn<QList<quint64>>("expected");
    QTest::newRow("all") << u""_s << QList<quint64>{1, 2, 3, 4};
    QTest::newRow("address") << u"10.0.0."_s << QList<quint64>{1, 2};
    QTest::newRow("address and port") << u"10.0.0.9:40000"_s << QList<quint64>{2};
    QTest::newRow("user in another case") << u"émile"_s << QList<quint64>{3};
    QTest::newRow("user and port") << u"MAIN bob"_s << QList<quint64>{2};
    QTest::newRow("kind") << u"websocket"_s << QList<quint64>{1, 2, 3};
    QTest::newRow("port") << u"telnet"_s << QList<quint64>{4};
    QTest::newRow("no field goes over into the next") << u"mainn"_s << QList<quint64>{};
}

void tst_ConnectionModel::filter()
{
    QFETCH(QString, filter);
    QFETCH(QList<quint64>, expected);
    ConnectionModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.putPage(sample());
    model.sort(ConnectionModel::Id, Qt::AscendingOrder);
    model.setFilter(filter);
    QCOMPARE(ids(model), expected);
}

void tst_ConnectionModel::aSweepDropsWhatItHasNotMet()
{
    ConnectionModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    model.beginSweep();
    model.putPage(sample());
    model.endSweep();
    QCOMPARE(model.totalCount(), 4);
    model.beginSweep();
    model.putPage(sample().mid(1, 1));
    model.putPage({Connection::of(description(9, u"10.0.0.1"_s, ""))});
    QCOMPARE(model.totalCount(), 5);
    model.endSweep();
    QCOMPARE(model.totalCount(), 2);
    QVERIFY(model.find(2) && model.find(9));
    // One that was broken off and begun anew has met nothing yet.
    model.beginSweep();
    model.putPage(sample());
    model.beginSweep();
    model.putPage(sample().mid(0, 1));
    model.endSweep();
    QCOMPARE(ids(model), QList<quint64>{1});
}

void tst_ConnectionModel::aBrokenPageIsAnError()
{
    QVERIFY(!ConnectionBatch::fromJson({{u"connections"_s, 7}}));
    admin::ConnectionPage page;
    page.connections = {description(7, u"10.0.0.1"_s, "ada")};
    page.next = u"18"_s;
    const Result<ConnectionBatch> batch = ConnectionBatch::fromJson(page.toJson());
    QVERIFY(batch);
    QCOMPARE(batch->next, u"18"_s);
    QCOMPARE(batch->connections.size(), 1);
    QCOMPARE(batch->connections.constFirst().id, quint64(7));
}

void tst_ConnectionModel::whoIsHit_data()
{
    QTest::addColumn<QList<Connection>>("connections");
    QTest::addColumn<QString>("expected");
    const auto of = [](quint64 id, const QByteArray &user) {
        return Connection::of(description(id, u"10.0.0.7"_s, user));
    };
    QTest::newRow("one") << QList{of(1, "ada")} << u"Connection 1 of ada, from 10.0.0.7:40000"_s;
    QTest::newRow("one of nobody") << QList{of(1, "")} << u"Connection 1 of no user, from 10.0.0.7:40000"_s;
    QTest::newRow("several") << QList{of(1, "bob"), of(2, "ada"), of(3, "ada"), of(4, "")}
                             << u"4 connection(s): of ada (2), of bob, 1 of no user"_s;
    QTest::newRow("many users") << QList{of(1, "a"), of(2, "b"), of(3, "c"), of(4, "d"), of(5, "e"), of(6, "f")}
                                << u"6 connection(s): of a, of b, of c, of d, of e, of 1 more user(s)"_s;
    QTest::newRow("a user with a place marker") << QList{of(1, "%1"), of(2, "%1")} << u"2 connection(s): of %1 (2)"_s;
}

void tst_ConnectionModel::whoIsHit()
{
    QFETCH(QList<Connection>, connections);
    QFETCH(QString, expected);
    QCOMPARE(connectionactions::whose(connections), expected);
}

void tst_ConnectionModel::closing()
{
    const ServerAction action = connectionactions::close(sample().mid(0, 2), 4001, u"bye"_s);
    QCOMPARE(action.method, admin::Methods::connectionClose);
    QCOMPARE(action.calls.size(), 2);
    QCOMPARE(action.calls.at(1), (QJsonObject{{u"id"_s, u"2"_s}, {u"code"_s, 4001}, {u"reason"_s, u"bye"_s}}));
    QVERIFY2(action.warning.contains(u"of Bob, of ada") || action.warning.contains(u"of ada, of Bob"),
             qPrintable(action.warning));
    QVERIFY(action.warning.contains(u"2 connection(s)"));
}

void tst_ConnectionModel::pushing()
{
    const ServerAction action = connectionactions::push(sample(), u"hi"_s);
    QCOMPARE(action.method, admin::Methods::connectionPush);
    QCOMPARE(action.calls.size(), 4);
    QCOMPARE(action.calls.at(3), (QJsonObject{{u"id"_s, u"4"_s}, {u"text"_s, u"hi"_s}}));
    QVERIFY(action.warning.isEmpty());
}

QTEST_GUILESS_MAIN(tst_ConnectionModel)
#include "tst_connectionmodel.moc"
