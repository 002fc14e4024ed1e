#pragma once

#include <QDialog>

class QLabel;
class QLineEdit;

namespace Quern::console {

class ActionRunner;
class CommandLabel;

/// Asks what the server is to log from now on, as `quern logs --set-level` has it.
class LogLevelDialog final : public QDialog
{
    Q_OBJECT
public:
    LogLevelDialog(ActionRunner &actions, QWidget *parent);

    static void ask(ActionRunner &actions, QWidget *parent);

private:
    void showCommand();
    void apply();

    ActionRunner &m_actions;
    QLineEdit *m_levels;
    CommandLabel *m_command;
    QLabel *m_error;
};

} // namespace Quern::console
