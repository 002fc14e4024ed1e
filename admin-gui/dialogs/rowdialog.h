#pragma once

#include "admin/protocol/tablemessages.h"

#include <QDialog>

#include <functional>
#include <optional>

class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace Quern::console {

class ActionRunner;
class CommandLabel;

/// One row of a table, to be changed or to be made. Only what has been changed is sent, so that what others change
/// meanwhile stays.
class RowDialog final : public QDialog
{
    Q_OBJECT
public:
    /// Without a \a row, it is for a new one.
    RowDialog(const admin::TableDescription &table, const std::optional<admin::TableRow> &row, ActionRunner &actions,
              const std::function<void()> &done, QWidget *parent);

    /// Calls \a done when the server has answered.
    static void ask(const admin::TableDescription &table, const std::optional<admin::TableRow> &row,
                    ActionRunner &actions, const std::function<void()> &done, QWidget *parent);

private:
    struct Field
    {
        admin::TableColumn column;
        QLineEdit *edit;
        QString before;
    };

    QLineEdit *makeField(const QString &name, const QString &type);
    void addFields(QFormLayout *form);
    /// What is to be sent; an Error says what is wrong.
    Result<admin::TableRow> wanted() const;
    void check();
    void apply();
    /// A new row must not be one that is there.
    void applyUnlessThere(const admin::TableRow &row);
    void send(const admin::TableRow &row);

    const admin::TableDescription m_table;
    const std::optional<admin::TableRow> m_row;
    ActionRunner &m_actions;
    std::function<void()> m_done;
    QLineEdit *m_key;
    QList<Field> m_fields;
    QWidget *m_fieldsArea = nullptr;
    QLabel *m_mistake;
    CommandLabel *m_command;
    QPushButton *m_apply = nullptr; ///< once the fields are there
};

} // namespace Quern::console
