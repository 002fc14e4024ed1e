#include "admin-gui/views/logview.h"

#include "admin-gui/dialogs/logleveldialog.h"
#include "admin-gui/models/format.h"
#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin/protocol/methods.h"

#include <QComboBox>
#include <QFontDatabase>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QSplitter>
#include <QVBoxLayout>

namespace Quern::console {

namespace {

/// At first, and of each page of older ones.
constexpr int pageLines = 500;
constexpr qsizetype mostHeld = 5000;

} // namespace

LogView::LogView(const ViewContext &context)
    : ListView(context, QStringLiteral("logs"), tr("Logs"))
    , m_panel(new RecordPanel(&m_model, QStringLiteral("logs")))
    , m_level(new QComboBox)
    , m_role(new QComboBox)
    , m_message(new QPlainTextEdit)
    , m_state(new QLabel)
{
    using base::LogLevel;
    for (const LogLevel level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error})
        m_level->addItem(tr("%1 and above").arg(logLevelText(level)), int(level));
    m_level->setItemText(0, tr("all levels"));
    m_level->setAccessibleName(tr("Least level that is shown"));
    m_level->setObjectName(QStringLiteral("logs.level"));
    m_role->setAccessibleName(tr("Process whose lines are shown"));
    m_role->setObjectName(QStringLiteral("logs.role"));
    m_role->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    fillRoles();
    m_panel->bar()->insertWidget(1, m_level);
    m_panel->bar()->insertWidget(2, m_role);
    m_panel->addAction(
        tr("Older"), RecordPanel::Needs::Nothing,
        [this] { return m_hasOlder && session().may(admin::Methods::logRead); }, [this] { askOlder(); });
    m_panel->addAction(tr("Levels…"), RecordPanel::Needs::Nothing, allows(admin::Methods::logSetLevel),
                       [this] { LogLevelDialog::ask(actions(), this); });
    RecordTable *table = m_panel->table();
    table->setEmptyText(tr("Nothing has been logged yet."));
    table->setDefaultSort(LogModel::Time, Qt::AscendingOrder);
    table->setDefaultWidths({18, 10, 16, 18, 60});
    m_message->setReadOnly(true);
    m_message->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_message->setAccessibleName(tr("The whole message"));
    m_message->setPlaceholderText(tr("Select a line to read all of it here."));
    m_state->setForegroundRole(QPalette::PlaceholderText);
    m_state->setObjectName(QStringLiteral("logs.state"));
    auto *splitter = new QSplitter(Qt::Vertical);
    splitter->addWidget(m_panel);
    splitter->addWidget(m_message);
    splitter->setStretchFactor(0, 5);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({500, 100});
    setPanel(m_panel);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(splitter, 1);
    layout->addWidget(m_state);
    connect(m_level, &QComboBox::currentIndexChanged, this, &LogView::follow);
    connect(m_role, &QComboBox::currentIndexChanged, this, &LogView::follow);
    connect(table, &RecordTable::selectionMoved, this, &LogView::showLine);
    connect(table, &RecordTable::opened, m_message, qOverload<>(&QWidget::setFocus));
    connect(&context.session, &Session::logReceived, this, &LogView::take);
    connect(&context.session, &Session::connected, this, [this] {
        // What was logged before the loss is what one pauses for.
        m_isFollowDue = m_isFollowing && isPaused();
        if (m_isFollowing && !isPaused())
            follow();
    });
    connect(&context.session, &Session::processChanged, this, &LogView::fillRoles);
    showState();
}

void LogView::setActive(bool isActive)
{
    View::setActive(isActive);
    if (!isActive)
        return;
    fillRoles();
    if (!m_isFollowing)
        follow();
}

/// All processes that are known to be there, and the one that is chosen.
void LogView::fillRoles()
{
    QStringList names{QStringLiteral("master")};
    if (const auto &status = session().status()) {
        for (const QList<admin::WorkerStatus> *list : {&status->workers, &status->processes}) {
            for (const admin::WorkerStatus &process : *list)
                names.append(process.name);
        }
    }
    const QString chosen = m_role->currentData().toString();
    if (!chosen.isEmpty())
        names.append(chosen);
    names.removeDuplicates();
    QStringList present;
    for (int i = 1; i < m_role->count(); ++i)
        present.append(m_role->itemData(i).toString());
    if (names == present)
        return;
    const QSignalBlocker blocker(m_role);
    m_role->clear();
    m_role->addItem(tr("all processes"), QString());
    for (const QString &name : names)
        m_role->addItem(name, name);
    m_role->setCurrentIndex(std::max(m_role->findData(chosen), 0));
}

admin::LogQuery LogView::query() const
{
    admin::LogQuery query;
    query.lines = pageLines;
    query.level = base::LogLevel(m_level->currentData().toInt());
    query.role = m_role->currentData().toString();
    return query;
}

void LogView::refresh()
{
    follow();
}

/// What is shown begins anew with the last lines: the server tells those that follow.
void LogView::follow()
{
    m_isFollowing = true;
    m_isFollowDue = false;
    if (!session().state().isUp())
        return; // it follows once the server is there
    ++m_round;
    m_model.clear();
    m_held.clear();
    m_dropped = 0;
    m_hasOlder = true;
    session().call(admin::Methods::logFollow, query().toJson(), this, [this](const Result<QJsonObject> &outcome) {
        if (!outcome)
            showProblem(outcome.error());
    });
    showState();
}

void LogView::take(const admin::LogPage &page)
{
    m_dropped += page.dropped;
    // Some may be on their way that were asked for before.
    const admin::LogQuery wanted = query();
    QList<admin::LogLine> lines = page.lines;
    lines.removeIf([&wanted](const admin::LogLine &line) {
        return line.level < wanted.level || (!wanted.role.isEmpty() && line.role != wanted.role);
    });
    if (isPaused()) {
        m_held += lines;
        if (const qsizetype excess = m_held.size() - mostHeld; excess > 0) {
            m_held.remove(0, excess);
            m_dropped += excess;
        }
        return showState();
    }
    const QScrollBar *bar = m_panel->table()->verticalScrollBar();
    const bool isAtEnd = bar->value() == bar->maximum();
    m_model.add(lines);
    if (isAtEnd)
        m_panel->table()->scrollToBottom();
    showState();
}

void LogView::setPaused(bool isPaused)
{
    View::setPaused(isPaused);
    if (!isPaused && m_isFollowDue) {
        follow();
    } else if (!isPaused) {
        admin::LogPage page;
        page.lines = std::exchange(m_held, {});
        take(page);
    }
    showState();
}

void LogView::askOlder()
{
    admin::LogQuery older = query();
    older.before = m_model.oldest();
    session().ask<admin::LogPage>(admin::Methods::logRead, older.toJson(), this,
                                  [this, round = m_round](const Result<admin::LogPage> &page) {
                                      if (round != m_round)
                                          return;
                                      if (!page)
                                          return showProblem(page.error());
                                      m_hasOlder = page->before != 0;
                                      m_model.add(page->lines);
                                      m_panel->updateActions();
                                  });
}

void LogView::showProblem(const Error &error)
{
    m_state->setText(error.message());
    m_state->show();
}

void LogView::showLine()
{
    const admin::LogLine *line = m_model.find(m_panel->table()->currentKey().toLongLong());
    m_message->setPlainText(line ? line->message : QString());
}

void LogView::showState()
{
    QStringList parts;
    if (isPaused())
        parts.append(tr("Paused: %n new line(s)", nullptr, int(m_held.size())));
    if (m_dropped > 0)
        parts.append(tr("%n line(s) left out, since they came too quickly", nullptr, int(m_dropped)));
    m_state->setText(parts.join(QStringLiteral(" · ")));
    m_state->setVisible(!parts.isEmpty());
}

QVariantMap LogView::place() const
{
    return placeWith(
        {{QStringLiteral("role"), m_role->currentData()}, {QStringLiteral("level"), m_level->currentData()}});
}

void LogView::goTo(const QVariantMap &place)
{
    ListView::goTo(place);
    const QString role = place.value(QStringLiteral("role")).toString();
    if (m_role->findData(role) < 0)
        m_role->addItem(role, role);
    m_role->setCurrentIndex(m_role->findData(role));
    if (place.contains(QStringLiteral("level")))
        m_level->setCurrentIndex(std::max(m_level->findData(place.value(QStringLiteral("level"))), 0));
}

} // namespace Quern::console
