#pragma once

#include "admin/protocol/operation.h"
#include "admin/protocol/status.h"

#include <QFrame>

class QLabel;
class QProgressBar;

namespace Quern::console {

class ServerStore;
class Session;

/// The last long action of the server, whoever has asked for it: how far a reload is by generation, and why one was
/// rolled back. Hidden while there was none.
class OperationPanel final : public QFrame
{
    Q_OBJECT
public:
    OperationPanel(Session &session, ServerStore &store, QWidget *parent = nullptr);

    void setPaused(bool isPaused);

    /// "generation 1: 2 draining, generation 2: 1 of 2 ready": the workers, from the oldest on.
    static QString generationsText(const admin::Status &status);
    /// "Reload", in the user's language.
    static QString kindText(admin::Operation::Kind kind);

private:
    void update();
    void showGenerations(bool isRunning);

    Session &m_session;
    ServerStore &m_store;
    bool m_isPaused = false;
    QLabel *m_title;
    QProgressBar *m_bar;
    QLabel *m_generations;
    QLabel *m_steps;
};

} // namespace Quern::console
