#pragma once

#include "admin/protocol/operation.h"

#include <QFrame>

class QLabel;
class QProgressBar;

namespace Quern::console {

class ServerStore;

/// The last long action of the server, whoever has asked for it: how far a reload is by generation, and why one was
/// rolled back. Hidden while there was none.
class OperationPanel final : public QFrame
{
    Q_OBJECT
public:
    explicit OperationPanel(ServerStore &store, QWidget *parent = nullptr);

    void setPaused(bool isPaused);

    /// "Reload", in the user's language.
    static QString kindText(admin::Operation::Kind kind);

private:
    void update();

    ServerStore &m_store;
    bool m_isPaused = false;
    QLabel *m_title;
    QProgressBar *m_bar;
    QLabel *m_steps;
};

} // namespace Quern::console
