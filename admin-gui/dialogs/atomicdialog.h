#pragma once

#include "admin/protocol/tablemessages.h"

#include <QDialog>

#include <functional>
#include <optional>

class QLineEdit;
class QPushButton;

namespace Quern::console {

class ActionRunner;
class CommandLabel;

/// Asks for another value of an atomic.
class AtomicDialog final : public QDialog
{
    Q_OBJECT
public:
    AtomicDialog(const admin::AtomicValue &atomic, ActionRunner &actions, const std::function<void()> &done,
                 QWidget *parent);

    /// Calls \a done when the server has answered.
    static void ask(const admin::AtomicValue &atomic, ActionRunner &actions, const std::function<void()> &done,
                    QWidget *parent);

private:
    std::optional<qint64> value() const;
    void check();
    void apply();

    const QString m_name;
    ActionRunner &m_actions;
    std::function<void()> m_done;
    QLineEdit *m_value;
    CommandLabel *m_command;
    QPushButton *m_apply;
};

} // namespace Quern::console
