#pragma once

#include <QDialog>
#include <QPointer>

class QAction;
class QLineEdit;
class QListWidget;

namespace Quern::console {

/// Everything that can be done, by typing some letters of its name. Enter does it.
class CommandPalette final : public QDialog
{
    Q_OBJECT
public:
    /// Those of \a actions that are enabled are offered.
    CommandPalette(const QList<QAction *> &actions, QWidget *parent);

    /// How well \a typed fits \a text: its letters come one after the other. Greater is better; negative: not at all.
    static int score(const QString &typed, const QString &text);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void fill();
    void choose();

    QList<QPointer<QAction>> m_actions; ///< some may go while it is open
    QLineEdit *m_field;
    QListWidget *m_list;
};

} // namespace Quern::console
