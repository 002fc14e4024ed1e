#include "admin-gui/window/commandpalette.h"

#include <QAction>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QPointer>
#include <QVBoxLayout>

#include <algorithm>

namespace Quern::console {

namespace {

/// Without the marks of mnemonics and dialogs: "&Reload…" is "Reload".
QString plainText(const QAction *action)
{
    QString text = action->text();
    text.remove(u'&');
    return text;
}

QString lineOf(const QAction *action)
{
    const QString keys = action->shortcut().toString(QKeySequence::NativeText);
    return keys.isEmpty() ? plainText(action) : plainText(action) + QStringLiteral("    ") + keys;
}

} // namespace

CommandPalette::CommandPalette(const QList<QAction *> &actions, QWidget *parent)
    : QDialog(parent, Qt::Dialog | Qt::FramelessWindowHint)
    , m_field(new QLineEdit)
    , m_list(new QListWidget)
{
    setObjectName(QStringLiteral("palette"));
    setWindowTitle(tr("Commands"));
    setAttribute(Qt::WA_DeleteOnClose);
    setModal(true);
    for (QAction *action : actions) {
        if (action->isEnabled() && !action->isSeparator() && !action->menu() && !action->text().isEmpty())
            m_actions.append(action);
    }
    m_field->setPlaceholderText(tr("What do you want to do?"));
    m_field->setAccessibleName(windowTitle());
    m_field->setObjectName(QStringLiteral("palette.field"));
    m_field->installEventFilter(this);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setObjectName(QStringLiteral("palette.list"));
    m_list->setFrameShape(QFrame::NoFrame);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(m_field);
    layout->addWidget(m_list);
    resize(480, 360);
    connect(m_field, &QLineEdit::textChanged, this, &CommandPalette::fill);
    connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::choose);
    fill();
}

int CommandPalette::score(const QString &typed, const QString &text)
{
    constexpr int whole = 20; // all of it in one piece
    const QString plain = typed.simplified();
    int score = !plain.isEmpty() && text.contains(plain, Qt::CaseInsensitive) ? whole : 0;
    qsizetype place = 0;
    bool isNeighbour = false;
    for (const QChar letter : typed) {
        if (letter.isSpace())
            continue;
        const qsizetype found = text.indexOf(letter, place, Qt::CaseInsensitive);
        if (found < 0)
            return -1;
        const bool beginsWord = found == 0 || text.at(found - 1).isSpace();
        isNeighbour = found == place && place > 0;
        score += beginsWord ? 8 : isNeighbour ? 4 : 1;
        place = found + 1;
    }
    return score;
}

void CommandPalette::fill()
{
    m_list->clear();
    std::vector<std::pair<int, qsizetype>> found;
    for (qsizetype i = 0; i < m_actions.size(); ++i) {
        if (!m_actions.at(i))
            continue;
        const int fit = score(m_field->text(), plainText(m_actions.at(i)));
        if (fit >= 0)
            found.emplace_back(-fit, i);
    }
    std::sort(found.begin(), found.end());
    for (const auto &[fit, number] : found) {
        auto *item = new QListWidgetItem(m_actions.at(number)->icon(), lineOf(m_actions.at(number)), m_list);
        item->setData(Qt::UserRole, number);
    }
    m_list->setCurrentRow(0);
}

void CommandPalette::choose()
{
    const QListWidgetItem *item = m_list->currentItem();
    if (!item)
        return;
    const QPointer<QAction> action = m_actions.at(item->data(Qt::UserRole).toLongLong());
    accept();
    if (action)
        action->trigger();
}

bool CommandPalette::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() != QEvent::KeyPress)
        return QDialog::eventFilter(watched, event);
    const int rows = m_list->count();
    switch (static_cast<QKeyEvent *>(event)->key()) {
    case Qt::Key_Down:
        m_list->setCurrentRow(std::min(m_list->currentRow() + 1, rows - 1));
        return true;
    case Qt::Key_Up:
        m_list->setCurrentRow(std::max(m_list->currentRow() - 1, 0));
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        choose();
        return true;
    default:
        return QDialog::eventFilter(watched, event);
    }
}

} // namespace Quern::console
