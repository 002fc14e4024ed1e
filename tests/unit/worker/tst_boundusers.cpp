#include "worker/boundusers.h"

#include <QTest>

using Quern::worker::BoundUsers;

/// Whom a handler finds a connection bound to, while the reactor may not know it yet.
class TestBoundUsers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void ownWordCountsUntilTheReactorKnows();
    void lastOfSeveral();
    void everyThird();
    void tooMany();
};

void TestBoundUsers::ownWordCountsUntilTheReactorKnows()
{
    BoundUsers users;
    QCOMPARE(users.userOf(7, "zoe", 0), QByteArray("zoe"));
    users.bound(7, "ann");
    QCOMPARE(users.userOf(7, "zoe", 0), QByteArray("ann"));
    QCOMPARE(users.userOf(8, "bob", 0), QByteArray("bob"));
    // By then somebody else may have bound it.
    QCOMPARE(users.userOf(7, "eve", 1), QByteArray("eve"));
    QCOMPARE(users.userOf(7, {}, 1), QByteArray());
}

void TestBoundUsers::lastOfSeveral()
{
    BoundUsers users;
    users.bound(7, "ann");
    users.bound(7, "bob");
    users.bound(7, {});
    QCOMPARE(users.userOf(7, {}, 0), QByteArray());
    QCOMPARE(users.userOf(7, "bob", 2), QByteArray());
    QCOMPARE(users.userOf(7, "later", 3), QByteArray("later"));
}

void TestBoundUsers::everyThird()
{
    BoundUsers users;
    for (int i = 1; i <= 300; ++i)
        users.bound(quint64(i), QByteArray::number(i));
    for (int done = 0; done <= 300; done += 3) {
        for (int i = 1; i <= 300; ++i)
            QCOMPARE(users.userOf(quint64(i), "known", quint32(done)), i <= done ? "known" : QByteArray::number(i));
    }
}

void TestBoundUsers::tooMany()
{
    BoundUsers users;
    for (quint64 i = 0; i <= BoundUsers::MaxKept; ++i)
        users.bound(i, "own");
    QCOMPARE(users.userOf(0, "known", 0), QByteArray("known"));
    QCOMPARE(users.userOf(1, "known", 0), QByteArray("own"));
}

QTEST_GUILESS_MAIN(TestBoundUsers)
#include "tst_boundusers.moc"
