#include "admin-gui/connection/savedservers.h"
#include "admin-gui/connection/tokenstore.h"

#include <QFile>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <optional>

using namespace Quern;
using namespace Quern::console;

/// What is kept from one console to the next.
class tst_savedservers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanup();
    void keepsTheirOrderAndNames();
    void nothingBrokenComesBack();
    void lastIsRemembered();
    void noKeychainIsTold();
    void privateFileIsPrivate();
    void memoryIsForgotten();

private:
    static ServerAddress address(const QString &text) { return *ServerAddress::parse(text); }
    static std::optional<Result<QString>> read(TokenStore &store, const ServerAddress &address);
    static std::optional<Result<void>> write(TokenStore &store, const ServerAddress &address, TokenStore::Keep keep);

    QTemporaryDir m_home;
    const ServerAddress m_address = *ServerAddress::parse(QStringLiteral("https://ops.example:5210"));
};

void tst_savedservers::initTestCase()
{
    qputenv("XDG_CONFIG_HOME", m_home.path().toUtf8());
    qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    QCoreApplication::setOrganizationName(QStringLiteral("Quern"));
    QCoreApplication::setApplicationName(QStringLiteral("tst_savedservers"));
}

void tst_savedservers::cleanup()
{
    QSettings().clear();
    QFile::remove(TokenStore::filePath());
}

void tst_savedservers::keepsTheirOrderAndNames()
{
    const SavedServer first{QStringLiteral("shop"), address(QStringLiteral("http://10.0.0.7:5210"))};
    const SavedServer second{QStringLiteral("here"), ServerAddress::ofSocket(QStringLiteral("/run/control.sock"))};
    SavedServers servers;
    servers.put(first);
    servers.put(second);
    QCOMPARE(SavedServers().list(), (QList<SavedServer>{first, second}));
    const SavedServer renamed{QStringLiteral("shop 1"), first.address};
    servers.put(renamed);
    QCOMPARE(SavedServers().list(), (QList<SavedServer>{renamed, second}));
    QCOMPARE(servers.find(second.address), std::optional(second));
    servers.remove(first.address);
    QCOMPARE(SavedServers().list(), QList<SavedServer>{second});
    QVERIFY(!servers.find(first.address));
}

void tst_savedservers::nothingBrokenComesBack()
{
    QSettings settings;
    settings.beginWriteArray(QStringLiteral("servers"), 1);
    settings.setArrayIndex(0);
    settings.setValue(QStringLiteral("address"), QStringLiteral("ftp://nowhere"));
    settings.endArray();
    QVERIFY(SavedServers().list().isEmpty());
}

void tst_savedservers::lastIsRemembered()
{
    SavedServers servers;
    QVERIFY(!servers.last());
    servers.setLast(m_address);
    QCOMPARE(SavedServers().last(), std::optional(m_address));
}

std::optional<Result<QString>> tst_savedservers::read(TokenStore &store, const ServerAddress &address)
{
    std::optional<Result<QString>> outcome;
    store.read(address, [&outcome](const Result<QString> &token) { outcome.emplace(token); });
    return QTest::qWaitFor([&outcome] { return outcome.has_value(); }, 30'000) ? outcome : std::nullopt;
}

std::optional<Result<void>> tst_savedservers::write(TokenStore &store, const ServerAddress &address,
                                                    TokenStore::Keep keep)
{
    std::optional<Result<void>> outcome;
    store.write(address, QStringLiteral("secret"), keep,
                [&outcome](const Result<void> &done) { outcome.emplace(done); });
    return QTest::qWaitFor([&outcome] { return outcome.has_value(); }, 30'000) ? outcome : std::nullopt;
}

void tst_savedservers::noKeychainIsTold()
{
    TokenStore store;
    const std::optional<Result<void>> written = write(store, m_address, TokenStore::Keep::Keychain);
    QVERIFY(written);
    QVERIFY(!written->ok());
    QCOMPARE(written->error().code(), Error::Unavailable);
    // It works while this console runs.
    QCOMPARE(read(store, m_address)->valueOr({}), QStringLiteral("secret"));
    TokenStore another;
    const std::optional<Result<QString>> missing = read(another, m_address);
    QVERIFY(missing);
    QVERIFY(!missing->ok());
    QCOMPARE(missing->error().code(), Error::Unavailable);
    QVERIFY(!QFile::exists(TokenStore::filePath()));
}

void tst_savedservers::privateFileIsPrivate()
{
    TokenStore store;
    const std::optional<Result<void>> written = write(store, m_address, TokenStore::Keep::PrivateFile);
    QVERIFY(written && written->ok());
    const QFileDevice::Permissions mode = QFile::permissions(TokenStore::filePath());
    QVERIFY(!(mode &
              (QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ReadOther | QFileDevice::WriteOther)));
    TokenStore another;
    QCOMPARE(read(another, m_address)->valueOr({}), QStringLiteral("secret"));
    another.remove(m_address);
    TokenStore third;
    QVERIFY(!read(third, m_address)->ok());
    // Settings are for everybody's eyes.
    QFile settings(QSettings().fileName());
    QVERIFY(!settings.open(QIODevice::ReadOnly) || !settings.readAll().contains("secret"));
}

void tst_savedservers::memoryIsForgotten()
{
    TokenStore store;
    QVERIFY(write(store, m_address, TokenStore::Keep::Memory)->ok());
    QCOMPARE(read(store, m_address)->valueOr({}), QStringLiteral("secret"));
    store.remove(m_address);
    QVERIFY(!read(store, m_address)->ok());
}

QTEST_MAIN(tst_savedservers)
#include "tst_savedservers.moc"
