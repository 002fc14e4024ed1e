#include "admin-gui/connection/tokenstore.h"

#include <QDBusConnection>
#include <QDBusConnectionInterface>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLockFile>
#include <QSaveFile>
#include <QStandardPaths>
#include <QTimer>

#include <qt6keychain/keychain.h>

#include <array>
#include <sys/stat.h>

namespace Quern::console {

namespace {

const QString service = QStringLiteral("quern");
constexpr mode_t privateMask = 0077;
constexpr int busPatienceMs = 2000;
constexpr int lockPatienceMs = 2000;

Error noKeychain(const QString &reason)
{
    return Error(Error::Unavailable, TokenStore::tr("no keychain service answers (%1)").arg(reason));
}

/// Whether there is one to ask, running or to be started: else a job of it may end after a long time, or never.
Result<void> findKeychain()
{
    static constexpr std::array services = {"org.freedesktop.secrets", "org.kde.kwalletd6", "org.kde.kwalletd5"};
    const QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return noKeychain(TokenStore::tr("there is no session bus"));
    bus.interface()->setTimeout(busPatienceMs);
    const QStringList running = bus.interface()->registeredServiceNames();
    const QStringList startable = bus.interface()->activatableServiceNames();
    for (const char *each : services) {
        const QString name = QString::fromLatin1(each);
        if (running.contains(name) || startable.contains(name))
            return {};
    }
    return noKeychain(TokenStore::tr("neither GNOME Keyring nor KWallet is there"));
}

/// Calls \a done once, when \a job has ended or its time is over. One that hangs is left to its parent: the jobs after
/// it wait for it.
void runJob(QKeychain::Job *job, std::chrono::milliseconds patience, const std::function<void(QKeychain::Job *)> &done)
{
    auto *timer = new QTimer(job);
    timer->setSingleShot(true);
    QObject::connect(timer, &QTimer::timeout, job, [job, timer, done] {
        job->disconnect(timer);
        timer->deleteLater();
        done(nullptr);
    });
    QObject::connect(job, &QKeychain::Job::finished, timer, [timer, done](QKeychain::Job *ended) {
        timer->stop();
        done(ended);
    });
    timer->start(patience);
    job->start();
}

} // namespace

void TokenStore::read(const ServerAddress &address, std::function<void(const Result<QString> &token)> done)
{
    const QString key = address.text();
    if (const auto known = m_memory.constFind(key); known != m_memory.constEnd())
        return done(*known);
    if (const QString token = fromFile(key); !token.isEmpty())
        return done(token);
    if (const Result<void> found = findKeychain(); !found)
        return done(found.error());
    auto *job = new QKeychain::ReadPasswordJob(service, this);
    job->setKey(key);
    job->setInsecureFallback(false);
    runJob(job, Timeout, [this, key, done](QKeychain::Job *ended) {
        if (!ended)
            return done(noKeychain(tr("it does not answer")));
        if (ended->error() == QKeychain::EntryNotFound)
            return done(QString());
        if (ended->error() != QKeychain::NoError)
            return done(noKeychain(ended->errorString()));
        const QString token = static_cast<QKeychain::ReadPasswordJob *>(ended)->textData();
        // Another may have been entered meanwhile.
        if (!m_memory.contains(key))
            m_memory.insert(key, token);
        done(m_memory.value(key));
    });
}

void TokenStore::write(const ServerAddress &address, const QString &token, Keep keep,
                       std::function<void(const Result<void> &outcome)> done)
{
    const QString key = address.text();
    m_memory.insert(key, token);
    if (keep == Keep::Memory)
        return done(fromFile(key).isEmpty() ? Result<void>() : toFile(key, {}));
    if (keep == Keep::PrivateFile)
        return done(toFile(key, token));
    if (const Result<void> found = findKeychain(); !found)
        return done(found);
    auto *job = new QKeychain::WritePasswordJob(service, this);
    job->setKey(key);
    job->setTextData(token);
    job->setInsecureFallback(false);
    runJob(job, Timeout, [key, done](QKeychain::Job *ended) {
        if (!ended)
            done(noKeychain(tr("it does not answer")));
        else if (ended->error() != QKeychain::NoError)
            done(noKeychain(ended->errorString()));
        else
            done(fromFile(key).isEmpty() ? Result<void>() : toFile(key, {}));
    });
}

void TokenStore::remove(const ServerAddress &address)
{
    const QString key = address.text();
    m_memory.remove(key);
    if (!fromFile(key).isEmpty()) {
        // What cannot be removed can be seen in the file, and the token be made void by the server.
        const Result<void> removed = toFile(key, {});
        Q_UNUSED(removed)
    }
    if (!findKeychain())
        return;
    auto *job = new QKeychain::DeletePasswordJob(service, this);
    job->setKey(key);
    job->setInsecureFallback(false);
    runJob(job, Timeout, [](QKeychain::Job *) {});
}

QString TokenStore::filePath()
{
    return QStandardPaths::writableLocation(QStandardPaths::AppConfigLocation) + QStringLiteral("/tokens.json");
}

/// None without a file. Error::Io if there is one that cannot be read: it is not to be written over.
Result<QJsonObject> TokenStore::tokensInFile()
{
    QFile file(filePath());
    if (!file.exists())
        return QJsonObject();
    QJsonParseError mistake;
    QString reason;
    if (file.open(QIODevice::ReadOnly)) {
        const QJsonDocument document = QJsonDocument::fromJson(file.readAll(), &mistake);
        if (document.isObject())
            return document.object();
        reason = mistake.errorString();
    } else {
        reason = file.errorString();
    }
    return Error(Error::Io, tr("%1 cannot be read: %2; mend or remove it").arg(filePath(), reason));
}

QString TokenStore::fromFile(const QString &key)
{
    return tokensInFile().valueOr({}).value(key).toString();
}

Result<void> TokenStore::toFile(const QString &key, const QString &token)
{
    QDir().mkpath(QFileInfo(filePath()).path());
    // Another console may write as well.
    QLockFile lock(filePath() + QStringLiteral(".lock"));
    if (!lock.tryLock(lockPatienceMs))
        return Error(Error::Io, tr("%1 is held by another console").arg(filePath()));
    Result<QJsonObject> tokens = tokensInFile();
    if (!tokens)
        return tokens.error();
    if (token.isEmpty())
        tokens->remove(key);
    else
        tokens->insert(key, token);
    // Nobody else may look at it at any time.
    const mode_t before = ::umask(privateMask);
    QSaveFile file(filePath());
    const bool isWritten = file.open(QIODevice::WriteOnly) &&
                           file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) &&
                           file.write(QJsonDocument(*tokens).toJson()) >= 0 && file.commit();
    ::umask(before);
    if (!isWritten)
        return Error(Error::Io, tr("%1 cannot be written: %2").arg(filePath(), file.errorString()));
    return {};
}

} // namespace Quern::console
