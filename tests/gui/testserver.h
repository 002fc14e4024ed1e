#pragma once

#include <QByteArray>
#include <QHostAddress>
#include <QString>
#include <QStringList>
#include <QTemporaryDir>

/// A real server with the demo's plugins in a folder of its own, and ports that nobody else has. It ends with this.
class TestServer
{
public:
    /// \a more: what else stands in the settings, in TOML.
    explicit TestServer(const QByteArray &more = {});
    ~TestServer();
    Q_DISABLE_COPY_MOVE(TestServer)

    /// Both return whether it went well, and say why not.
    bool start();
    bool stop();
    void kill();
    bool isRunning() const;

    QString configFile() const { return m_folder.filePath(QStringLiteral("quern.toml")); }
    QString socketPath() const { return m_folder.filePath(QStringLiteral("run/control.sock")); }
    QString apiUrl() const { return QStringLiteral("http://127.0.0.1:%1").arg(m_apiPort); }
    quint16 port() const { return m_port; }
    /// Of the first with this role.
    QString token(const QString &role) const;
    /// 0 if it does not run.
    qint64 pid() const;

    /// The body of an answer; empty if there is none within some seconds.
    QByteArray get(const QString &path) const { return request("GET", path); }
    QByteArray post(const QString &path, const QByteArray &body) const { return request("POST", path, body); }
    QByteArray request(const QByteArray &method, const QString &path, const QByteArray &body = {}) const;
    /// What a command of `quern` has printed.
    QString run(const QStringList &words) const;

private:
    void writeConfig(const QByteArray &more) const;

    QTemporaryDir m_folder;
    quint16 m_port = 0;
    quint16 m_apiPort = 0;
};
