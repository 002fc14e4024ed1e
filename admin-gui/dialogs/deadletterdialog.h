#pragma once

#include <QDialog>
#include <QMap>
#include <QString>

#include <functional>

class QComboBox;

namespace Quern::console {

class ActionRunner;

/// Asks which dead letters are to be tried again, or dropped: all, or those of one name.
class DeadLetterDialog final : public QDialog
{
    Q_OBJECT
public:
    enum class What { Retry, Drop };

    /// How many there are.
    struct Counts
    {
        qint64 all = 0;
        QMap<QString, int> known; ///< by name, of those that have been read
        bool isComplete = false;  ///< these are all

        /// "12", "at least 20", of that name; empty: of all.
        QString text(const QString &name) const;
    };

    DeadLetterDialog(What what, const Counts &counts, ActionRunner &actions, const std::function<void()> &done,
                     QWidget *parent);

    /// Calls \a done when the server has answered.
    static void ask(What what, const Counts &counts, ActionRunner &actions, const std::function<void()> &done,
                    QWidget *parent);

private:
    void apply();

    const What m_what;
    const Counts m_counts;
    ActionRunner &m_actions;
    std::function<void()> m_done;
    QComboBox *m_scope;
};

} // namespace Quern::console
