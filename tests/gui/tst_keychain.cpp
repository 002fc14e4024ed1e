#include "admin-gui/connection/tokenstore.h"

#include <QFile>
#include <QTest>

#include <optional>

using namespace Quern;
using namespace Quern::console;

/// Tokens in a real keychain: GNOME Keyring, on a session bus of its own.
class tst_keychain : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QCoreApplication::setApplicationName(QStringLiteral("tst_keychain")); }
    void whatIsWrittenIsReadByAnother();
    void unknownServersHaveNone();

private:
    static std::optional<Result<QString>> read(const ServerAddress &address);
};

/// By a store that knows nothing yet.
std::optional<Result<QString>> tst_keychain::read(const ServerAddress &address)
{
    TokenStore store;
    std::optional<Result<QString>> outcome;
    store.read(address, [&outcome](const Result<QString> &token) { outcome.emplace(token); });
    return QTest::qWaitFor([&outcome] { return outcome.has_value(); }, 30'000) ? outcome : std::nullopt;
}

void tst_keychain::whatIsWrittenIsReadByAnother()
{
    const ServerAddress address = *ServerAddress::parse(QStringLiteral("https://ops.example:5210"));
    TokenStore store;
    std::optional<Result<void>> written;
    store.write(address, QStringLiteral("secret"), TokenStore::Keep::Keychain,
                [&written](const Result<void> &outcome) { written.emplace(outcome); });
    QTRY_VERIFY_WITH_TIMEOUT(written.has_value(), 30'000);
    QVERIFY2(written->ok(), written->ok() ? "" : qPrintable(written->error().message()));
    const std::optional<Result<QString>> token = read(address);
    QVERIFY(token.has_value());
    QVERIFY2(token->ok(), token->ok() ? "" : qPrintable(token->error().message()));
    QCOMPARE(**token, QStringLiteral("secret"));
    QVERIFY(!QFile::exists(TokenStore::filePath()));
    store.remove(address);
    QTRY_VERIFY(read(address)->valueOr(QStringLiteral("?")).isEmpty());
}

void tst_keychain::unknownServersHaveNone()
{
    const std::optional<Result<QString>> token =
        read(*ServerAddress::parse(QStringLiteral("https://nobody.example:1")));
    QVERIFY(token.has_value());
    QVERIFY2(token->ok(), token->ok() ? "" : qPrintable(token->error().message()));
    QVERIFY((*token)->isEmpty());
}

QTEST_MAIN(tst_keychain)
#include "tst_keychain.moc"
