#pragma once

#include "admin-gui/models/connectionmodel.h"

#include <QDialog>

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace Quern::console {

class ActionRunner;

/// Asks for a text, and sends it to connections. Ctrl+Enter sends; Enter is part of the text.
class PushDialog final : public QDialog
{
    Q_OBJECT
public:
    PushDialog(const QList<Connection> &connections, ActionRunner &actions, QWidget *parent);

    static void ask(const QList<Connection> &connections, ActionRunner &actions, QWidget *parent);

private:
    void apply();

    const QList<Connection> m_connections;
    ActionRunner &m_actions;
    QPlainTextEdit *m_text;
    QLabel *m_problem;
    QPushButton *m_apply;
};

} // namespace Quern::console
