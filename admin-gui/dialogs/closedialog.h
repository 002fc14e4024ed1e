#pragma once

#include "admin-gui/models/connectionmodel.h"

#include <QDialog>

class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace Quern::console {

class ActionRunner;

/// Asks with which code and reason connections are to be closed. What that hits is asked about afterwards, as for
/// everything destructive.
class CloseDialog final : public QDialog
{
    Q_OBJECT
public:
    CloseDialog(const QList<Connection> &connections, ActionRunner &actions, QWidget *parent);

    static void ask(const QList<Connection> &connections, ActionRunner &actions, QWidget *parent);

    /// Whether \a code may stand in a close frame (RFC 6455 §7.4.2).
    static bool isCode(int code);

private:
    void check();
    void apply();

    const QList<Connection> m_connections;
    ActionRunner &m_actions;
    QSpinBox *m_code;
    QLineEdit *m_reason;
    QLabel *m_meaning;
    QPushButton *m_apply;
};

} // namespace Quern::console
