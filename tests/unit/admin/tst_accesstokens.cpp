#include "admin/server/accesstokens.h"
#include "admin/server/failuredelays.h"

#include <QSet>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

/// The file of tokens, and what a wrong one costs.
class tst_AccessTokens : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aFreshFileHasATokenForEachRole();
    void whoHoldsWhat();
    void refusals_data();
    void refusals();
    void delaysDouble();
    void quietForgets();
    void addressesApart();
    void theTableIsBounded();
};

namespace {

const QByteArray longToken(40, 'x');

QByteArrayList tokensIn(const QByteArray &file)
{
    QByteArrayList tokens;
    for (const QByteArray &line : file.split('\n')) {
        if (!line.isEmpty() && !line.startsWith('#'))
            tokens.append(line.split(' ').at(2));
    }
    return tokens;
}

} // namespace

void tst_AccessTokens::aFreshFileHasATokenForEachRole()
{
    const QByteArray file = AccessTokens::freshFile();
    const Result<AccessTokens> tokens = AccessTokens::parse(file, u"t"_s);
    QVERIFY2(tokens.ok(), tokens ? "" : qPrintable(tokens.error().message()));
    QCOMPARE(tokens->size(), 3);
    QList<Role> roles;
    for (const QByteArray &token : tokensIn(file)) {
        QCOMPARE(token.size(), 43); // 256 bits in base64url
        const std::optional<TokenHolder> holder = tokens->find(token);
        QVERIFY(holder);
        QCOMPARE(holder->name, roleName(holder->role));
        roles.append(holder->role);
    }
    QCOMPARE(roles, (QList{Role::Viewer, Role::Operator, Role::Admin}));
    const QByteArrayList others = tokensIn(AccessTokens::freshFile());
    const QByteArrayList own = tokensIn(file);
    QVERIFY(!QSet<QByteArray>(own.begin(), own.end()).intersects(QSet<QByteArray>(others.begin(), others.end())));
}

void tst_AccessTokens::whoHoldsWhat()
{
    const Result<AccessTokens> tokens = AccessTokens::parse(
        "# a comment\n\n  viewer   grafana\t" + longToken + "1\noperator ci." + "-_9 " + longToken + "~+\r\n", u"t"_s);
    QVERIFY2(tokens.ok(), tokens ? "" : qPrintable(tokens.error().message()));
    const std::optional<TokenHolder> grafana = tokens->find(longToken + "1");
    QVERIFY(grafana && grafana->role == Role::Viewer && grafana->name == u"grafana");
    const std::optional<TokenHolder> ci = tokens->find(longToken + "~+");
    QVERIFY(ci && ci->role == Role::Operator && ci->name == u"ci.-_9");
    QVERIFY(tokens->holds(*grafana) && tokens->holds(*ci));
    for (const char *other : {"viewer grafana ", "operator grafana ", "viewer graf "}) {
        const bool isSame = QByteArrayView(other) == "viewer grafana ";
        QCOMPARE(AccessTokens::parse(other + longToken + "1", u"t"_s)->holds(*grafana), isSame);
        QVERIFY(!AccessTokens::parse(other + longToken + "2", u"t"_s)->holds(*grafana));
    }
    for (const QByteArray &wrong : {QByteArray(), QByteArray(longToken), longToken + "2", longToken + "11"})
        QVERIFY(!tokens->find(wrong));
}

void tst_AccessTokens::refusals_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QString>("beginning");
    const auto row = [](const char *name, const QByteArray &file, const QString &beginning) {
        QTest::newRow(name) << file << beginning;
    };
    const QByteArray right = "viewer a " + longToken + '\n';
    row("no token at all", "# none\n", u"run/t has no token; write a line"_s);
    row("two words", right + "viewer " + longToken, u"run/t:2: a line must be ROLE NAME TOKEN"_s);
    row("four words", "viewer a b " + longToken, u"run/t:1: a line must be"_s);
    row("no such role", "root a " + longToken, u"run/t:1: a role must be viewer, operator or admin"_s);
    row("an odd name", "viewer a/b " + longToken, u"run/t:1: a name must be"_s);
    row("a long name", "viewer " + QByteArray(65, 'a') + ' ' + longToken, u"run/t:1: a name must be"_s);
    row("a short token", "viewer a " + QByteArray(31, 'x'), u"run/t:1: a token must have 32 to 512"_s);
    row("a long token", "viewer a " + QByteArray(513, 'x'), u"run/t:1: a token must have"_s);
    row("a token that no subprotocol may have", "viewer a " + longToken + "=", u"run/t:1: a token must have"_s);
    row("the same twice", right + "admin b " + longToken, u"run/t:2: this token stands there twice"_s);
    QByteArray many;
    for (int i = 0; i <= AccessTokens::MostTokens; ++i)
        many += "viewer a " + longToken + QByteArray::number(i) + '\n';
    row("too many", many, u"run/t:1001: there are more than 1000 tokens"_s);
}

void tst_AccessTokens::refusals()
{
    QFETCH(QByteArray, file);
    QFETCH(QString, beginning);
    const Result<AccessTokens> tokens = AccessTokens::parse(file, u"run/t"_s);
    QVERIFY(!tokens);
    QVERIFY2(tokens.error().message().startsWith(beginning), qPrintable(tokens.error().message()));
    QVERIFY(!tokens.error().message().contains(u"xxxx"));
}

void tst_AccessTokens::delaysDouble()
{
    FailureDelays delays;
    FailureDelays::Time now{1000s};
    const QHostAddress client(u"192.0.2.1"_s);
    QList<qint64> seen;
    for (int i = 0; i < 9; ++i)
        seen.append(delays.add(client, now += 1s).count());
    QCOMPARE(seen, (QList<qint64>{100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000}));
}

void tst_AccessTokens::quietForgets()
{
    FailureDelays delays;
    const FailureDelays::Time now{1000s};
    const QHostAddress client(u"192.0.2.1"_s);
    delays.add(client, now);
    QCOMPARE(delays.add(client, now + 59s), 200ms);
    QCOMPARE(delays.add(client, now + 119s), 100ms);
}

void tst_AccessTokens::addressesApart()
{
    FailureDelays delays;
    const FailureDelays::Time now{1000s};
    QCOMPARE(delays.add(QHostAddress(u"192.0.2.1"_s), now), 100ms);
    QCOMPARE(delays.add(QHostAddress(u"192.0.2.2"_s), now), 100ms);
    QCOMPARE(delays.add(QHostAddress(u"::ffff:192.0.2.1"_s), now), 200ms);
    QCOMPARE(delays.add(QHostAddress(u"2001:db8:1:2::1"_s), now), 100ms);
    QCOMPARE(delays.add(QHostAddress(u"2001:db8:1:2:ffff::9"_s), now), 200ms); // one network, one client
    QCOMPARE(delays.add(QHostAddress(u"2001:db8:1:3::1"_s), now), 100ms);
}

void tst_AccessTokens::theTableIsBounded()
{
    FailureDelays delays;
    FailureDelays::Time now{1000s};
    const QHostAddress first(quint32(1));
    delays.add(first, now);
    for (quint32 i = 2; i < 2 + FailureDelays::MostAddresses; ++i)
        delays.add(QHostAddress(i), now += 1ms);
    QCOMPARE(delays.size(), FailureDelays::MostAddresses);
    QCOMPARE(delays.add(first, now), 100ms); // the oldest has been forgotten
    QCOMPARE(delays.add(QHostAddress(quint32(1 + FailureDelays::MostAddresses)), now), 200ms);
}

QTEST_APPLESS_MAIN(tst_AccessTokens)
#include "tst_accesstokens.moc"
