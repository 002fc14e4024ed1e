#pragma once

#include "admin/protocol/linedecoder.h"
#include "admin/protocol/message.h"

#include <QLocalServer>
#include <QLocalSocket>
#include <QTemporaryDir>

#include <functional>
#include <map>
#include <memory>

/// Speaks the management protocol over a control socket, and answers what the test wants. server.access and
/// server.subscribe are answered as an admin's unless the test says otherwise.
class FakeServer final : public QObject
{
    Q_OBJECT
public:
    using Answer = std::function<Quern::Result<QJsonObject>(const QJsonObject &params)>;

    FakeServer();

    bool listen();
    /// Nobody listens any more, and whoever is connected is not.
    void close();
    QString path() const { return m_folder.filePath(QStringLiteral("control.sock")); }

    void answer(QLatin1StringView method, const Answer &answer) { m_answers[QString(method)] = answer; }
    /// Reads on, and answers nothing, until it is turned off.
    void setMute(bool isMute) { m_isMute = isMute; }
    /// To all that are connected.
    void tell(QLatin1StringView event, const QJsonObject &data);
    void sendRaw(const QByteArray &bytes);
    /// Ends all connections; new ones are welcome.
    void drop();

    /// What was asked for, in its order.
    const QStringList &asked() const { return m_asked; }
    int connectionCount() const { return int(m_clients.size()); }

private:
    struct Client
    {
        std::unique_ptr<QLocalSocket> socket;
        Quern::admin::LineDecoder decoder;
    };

    void accept();
    void read(Client &client);

    QTemporaryDir m_folder;
    QLocalServer m_server;
    std::vector<std::unique_ptr<Client>> m_clients;
    std::map<QString, Answer> m_answers;
    QStringList m_asked;
    bool m_isMute = false;
};
