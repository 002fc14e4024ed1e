#include "dispatch/connectionregistry.h"
#include "dispatch/gatherings.h"

#include <QSet>
#include <QTest>

using namespace Quern;
using dispatch::ConnectionRegistry;
using dispatch::Gatherings;
using dispatch::LiveConnection;

namespace {

constexpr quint32 epoch = 77;

std::shared_ptr<ipc::ConnectionTable> newTable()
{
    Result<ipc::ConnectionTable> table = ipc::ConnectionTable::create(2, epoch);
    if (!table)
        qFatal("no shared memory");
    return std::make_shared<ipc::ConnectionTable>(std::move(*table));
}

/// Closes and forgets it, as when its last event has been handled.
void end(ConnectionRegistry &registry, LiveConnection *connection)
{
    registry.withdraw(connection);
    registry.release(connection);
}

} // namespace

/// The numbers of connections, and the rooms and users that they are in.
class TestConnectionRegistry : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void idsTellWhereTheyAre();
    void closedIsNotThereAndForgottenIsNotFound();
    void noIdTwice();
    void aSlotRestsAfterItsLastGeneration();
    void tooManyThatAreClosedAndNotForgotten();
    void usersAreInTheTable();
    void roomsAreThereWhileSomebodyIsIn();
    void oneUserAtATime();
    void roomsAndUsersOfOneName();
    void soManyRooms();
    void leavingAll();
};

void TestConnectionRegistry::idsTellWhereTheyAre()
{
    const auto table = newTable();
    ConnectionRegistry first(table, 0);
    ConnectionRegistry second(table, 1);
    LiveConnection *const connection = second.add(nullptr, {});
    const ipc::ConnectionKey key = ipc::ConnectionKey::of(connection->id);
    QCOMPARE(key.epoch, epoch);
    QCOMPARE(key.reactor, 1);
    QCOMPARE(key.slot, 0u);
    QCOMPARE(key.generation, 1u);
    QVERIFY(table->contains(connection->id));
    QCOMPARE(second.find(connection->id), connection);
    QCOMPARE(first.find(connection->id), nullptr);
    QVERIFY(first.add(nullptr, {})->id != connection->id);
    QCOMPARE(table->count(), quint64(2));
}

void TestConnectionRegistry::closedIsNotThereAndForgottenIsNotFound()
{
    const auto table = newTable();
    ConnectionRegistry registry(table, 0);
    LiveConnection *const connection = registry.add(nullptr, {});
    const quint64 id = connection->id;
    registry.withdraw(connection);
    QVERIFY(!table->contains(id));
    QCOMPARE(registry.find(id), connection);
    registry.release(connection);
    QCOMPARE(registry.find(id), nullptr);
    QCOMPARE(registry.find(0), nullptr);
    QCOMPARE(registry.find(~quint64(0)), nullptr);
}

void TestConnectionRegistry::noIdTwice()
{
    ConnectionRegistry registry(newTable(), 0);
    QSet<quint64> seen;
    for (int round = 0; round < 1000; ++round) {
        QList<LiveConnection *> open;
        for (int i = 0; i < 5; ++i) {
            open.append(registry.add(nullptr, {}));
            QVERIFY(!seen.contains(open.last()->id));
            seen.insert(open.last()->id);
        }
        for (LiveConnection *connection : open)
            end(registry, connection);
    }
    QCOMPARE(registry.all().size(), std::size_t(5)); // their places serve again
}

void TestConnectionRegistry::aSlotRestsAfterItsLastGeneration()
{
    ConnectionRegistry registry(newTable(), 0);
    quint64 last = 0;
    for (int generation = 1; generation <= 0xffff; ++generation) {
        LiveConnection *const connection = registry.add(nullptr, {});
        QCOMPARE(ipc::ConnectionKey::of(connection->id).slot, 0u);
        QVERIFY(connection->id > last);
        last = connection->id;
        end(registry, connection);
    }
    LiveConnection *const next = registry.add(nullptr, {});
    QCOMPARE(ipc::ConnectionKey::of(next->id).slot, 1u);
    QCOMPARE(ipc::ConnectionKey::of(next->id).generation, 1u);
    QCOMPARE(registry.find(last), nullptr);
}

void TestConnectionRegistry::tooManyThatAreClosedAndNotForgotten()
{
    // Their close events wait for workers that do not come to them.
    ConnectionRegistry registry(newTable(), 0);
    std::vector<LiveConnection *> closed;
    while (LiveConnection *const connection = registry.add(nullptr, {})) {
        closed.push_back(connection);
        registry.withdraw(connection);
        QVERIFY(closed.size() <= ConnectionRegistry::MaxClosed);
    }
    QCOMPARE(closed.size(), std::size_t(ConnectionRegistry::MaxClosed));
    registry.release(closed.front());
    QVERIFY(registry.add(nullptr, {}));
}

void TestConnectionRegistry::usersAreInTheTable()
{
    const auto table = newTable();
    ConnectionRegistry registry(table, 0);
    ipc::ConnectionRecord record;
    record.remoteAddress = "::1";
    record.remotePort = 4711;
    LiveConnection *const connection = registry.add(nullptr, record);
    registry.setUser(connection, "anna");
    QCOMPARE(connection->user, QByteArray("anna"));
    const auto found = table->find(connection->id);
    QVERIFY(found);
    QCOMPARE(found->user, QByteArray("anna"));
    QCOMPARE(found->remoteAddress, QByteArray("::1"));
    QCOMPARE(found->remotePort, quint16(4711));
    // Whoever comes next in its place has no user.
    end(registry, connection);
    QCOMPARE(table->find(registry.add(nullptr, {})->id)->user, QByteArray());
}

void TestConnectionRegistry::roomsAreThereWhileSomebodyIsIn()
{
    Gatherings gatherings;
    LiveConnection one;
    LiveConnection two;
    one.id = 1;
    two.id = 2;
    QVERIFY(gatherings.join(&one, "hall"));
    QVERIFY(gatherings.join(&one, "hall"));
    QVERIFY(gatherings.join(&two, "hall"));
    QCOMPARE(gatherings.members("hall", true), (std::vector<quint64>{1, 2}));
    QCOMPARE(gatherings.members("cellar", true), std::vector<quint64>());
    gatherings.leave(&two, "cellar");
    gatherings.leave(&one, "hall");
    QCOMPARE(gatherings.members("hall", true), std::vector<quint64>{2});
    QCOMPARE(gatherings.size(), std::size_t(1));
    gatherings.leave(&two, "hall");
    QCOMPARE(gatherings.size(), std::size_t(0));
}

void TestConnectionRegistry::oneUserAtATime()
{
    Gatherings gatherings;
    LiveConnection connection;
    connection.id = 1;
    gatherings.bind(&connection, "anna");
    gatherings.bind(&connection, "bert");
    QCOMPARE(gatherings.members("anna", false), std::vector<quint64>());
    QCOMPARE(gatherings.members("bert", false), std::vector<quint64>{1});
    gatherings.bind(&connection, {});
    QCOMPARE(gatherings.size(), std::size_t(0));
}

void TestConnectionRegistry::roomsAndUsersOfOneName()
{
    Gatherings gatherings;
    LiveConnection connection;
    connection.id = 1;
    QVERIFY(gatherings.join(&connection, "anna"));
    gatherings.bind(&connection, "anna");
    gatherings.leave(&connection, "anna");
    QCOMPARE(gatherings.members("anna", true), std::vector<quint64>());
    QCOMPARE(gatherings.members("anna", false), std::vector<quint64>{1});
    gatherings.leaveAll(&connection);
}

void TestConnectionRegistry::soManyRooms()
{
    Gatherings gatherings;
    LiveConnection connection;
    for (std::size_t i = 0; i < Gatherings::MaxRooms; ++i)
        QVERIFY(gatherings.join(&connection, "room" + QByteArray::number(i)));
    QVERIFY(!gatherings.join(&connection, "one more"));
    QVERIFY(gatherings.join(&connection, "room7"));
    gatherings.leave(&connection, "room7");
    QVERIFY(gatherings.join(&connection, "one more"));
    // A user takes the place of no room.
    gatherings.bind(&connection, "anna");
    gatherings.leave(&connection, "one more");
    QVERIFY(gatherings.join(&connection, "one more"));
    gatherings.leaveAll(&connection);
    QCOMPARE(gatherings.size(), std::size_t(0));
}

void TestConnectionRegistry::leavingAll()
{
    Gatherings gatherings;
    LiveConnection one;
    LiveConnection two;
    one.id = 1;
    two.id = 2;
    for (const QByteArray name : {"a", "b", "c"}) {
        QVERIFY(gatherings.join(&one, name));
        QVERIFY(gatherings.join(&two, name));
    }
    gatherings.bind(&one, "anna");
    gatherings.leaveAll(&one);
    QVERIFY(one.members.empty());
    QCOMPARE(gatherings.members("b", true), std::vector<quint64>{2});
    gatherings.leaveAll(&two);
}

QTEST_GUILESS_MAIN(TestConnectionRegistry)
#include "tst_connectionregistry.moc"
