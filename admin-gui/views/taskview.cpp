#include "admin-gui/views/taskview.h"

#include "admin-gui/actions/taskactions.h"
#include "admin-gui/dialogs/deadletterdialog.h"
#include "admin-gui/models/format.h"
#include "admin-gui/store/serverstore.h"
#include "admin-gui/views/payloadpanel.h"
#include "admin-gui/widgets/chartpanel.h"
#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin-gui/widgets/theme.h"
#include "admin-gui/widgets/tile.h"
#include "admin/protocol/methods.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>

namespace Quern::console {

namespace {

const QString splitterKey = QStringLiteral("splitter/tasks");
constexpr double shownSeconds = 900;

} // namespace

TaskView::TaskView(const ViewContext &context)
    : ListView(context, QStringLiteral("tasks"), tr("Tasks"))
    , m_panel(new RecordPanel(&m_letters, QStringLiteral("deadLetters")))
    , m_storeTable(new RecordTable(&m_stores, QStringLiteral("taskStores")))
    , m_payload(new PayloadPanel(context.session))
    , m_splitter(new QSplitter)
    , m_olderButton(new QPushButton(tr("Older ones")))
    , m_failure(new QLabel)
{
    m_failure->setObjectName(QStringLiteral("tasks.failure"));
    m_failure->setWordWrap(true);
    m_failure->setTextFormat(Qt::PlainText);
    m_failure->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_failure->hide();
    m_splitter->addWidget(makeLetters());
    m_splitter->addWidget(m_payload);
    m_splitter->setStretchFactor(0, 5);
    m_splitter->setStretchFactor(1, 2);
    m_splitter->setSizes({680, 420});
    m_splitter->restoreState(QSettings().value(splitterKey).toByteArray());
    setPanel(m_panel);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(makeTop());
    layout->addWidget(m_failure);
    layout->addWidget(m_splitter, 1);
    addActions();
    connect(&context.store, &ServerStore::historyGrew, this, &TaskView::showStatus);
    connect(m_panel->table(), &RecordTable::selectionMoved, this, &TaskView::showSelected);
    connect(m_olderButton, &QPushButton::clicked, this, &TaskView::readOlder);
    showCharts(); // an axis that has no times at first makes no room for them
    showLetters({});
}

TaskView::~TaskView()
{
    QSettings().setValue(splitterKey, m_splitter->saveState());
}

QWidget *TaskView::makeTop()
{
    m_delivered = new Tile(tr("Delivered"));
    m_done = new Tile(tr("Done"));
    m_failed = new Tile(tr("Failed tries"));
    m_waiting = new Tile(tr("Waiting"));
    m_running = new Tile(tr("Running"));
    m_dead = new Tile(tr("Dead letters"));
    m_dead->setToolTip(tr("Tasks and events that have failed for good"));
    m_depthChart = new ChartPanel(tr("Waiting"), format::number);
    m_rateChart = new ChartPanel(tr("Done and failed"), format::rate);
    m_storeTable->setAccessibleName(tr("Stores of tasks"));
    m_storeTable->setEmptyText(tr("No tasks are taken: task_worker_num in the settings is 0."));
    m_storeTable->setDefaultWidths({9, 7, 7, 7, 6});
    m_storeTable->setFocusPolicy(Qt::TabFocus);
    auto *top = new QWidget;
    auto *tiles = new QHBoxLayout;
    for (Tile *tile : {m_delivered, m_done, m_failed, m_waiting, m_running, m_dead})
        tiles->addWidget(tile, 1);
    auto *charts = new QHBoxLayout;
    for (QWidget *each : {static_cast<QWidget *>(m_depthChart), static_cast<QWidget *>(m_rateChart),
                          static_cast<QWidget *>(m_storeTable)})
        charts->addWidget(each, 1);
    auto *layout = new QVBoxLayout(top);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(tiles);
    layout->addLayout(charts);
    top->setMaximumHeight(290);
    return top;
}

QWidget *TaskView::makeLetters()
{
    RecordTable *table = m_panel->table();
    table->setAccessibleName(tr("Dead letters"));
    table->setDefaultWidths({6, 12, 22, 26, 9, 10, 10, 9, 9});
    m_olderButton->setObjectName(QStringLiteral("deadLetters.older"));
    auto *letters = new QWidget;
    auto *layout = new QVBoxLayout(letters);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_panel, 1);
    layout->addWidget(m_olderButton, 0, Qt::AlignLeft);
    return letters;
}

void TaskView::addActions()
{
    using Needs = RecordPanel::Needs;
    const auto areThere = [this] { return m_letters.totalCount() > 0; };
    m_panel->addAction(tr("Retry"), Needs::Some, allows(admin::Methods::taskRetry),
                       [this] { actions().run(taskactions::retry(m_panel->table()->selectedKeys()), refreshed()); });
    m_panel->addAction(tr("Drop…"), Needs::Some, allows(admin::Methods::taskDrop),
                       [this] { actions().run(taskactions::drop(m_panel->table()->selectedKeys()), refreshed()); });
    m_panel->addAction(
        tr("Retry all…"), Needs::Nothing, allows(admin::Methods::taskRetry), [this] { askForAll(false); }, areThere);
    m_panel->addAction(
        tr("Drop all…"), Needs::Nothing, allows(admin::Methods::taskDrop), [this] { askForAll(true); }, areThere);
}

void TaskView::askForAll(bool isDrop)
{
    DeadLetterDialog::Counts counts;
    counts.known = m_letters.countByName();
    counts.isComplete = m_older.isEmpty();
    // The status may be a second older than the list.
    counts.all = m_letters.totalCount();
    if (const auto &status = session().status())
        counts.all = std::max<qint64>(counts.all, deathsIn(*status).present);
    using What = DeadLetterDialog::What;
    DeadLetterDialog::ask(
        isDrop ? What::Drop : What::Retry, counts, actions(), [done = refreshed()] { done(QJsonObject()); }, window());
}

/// For when something has been done: other letters are there.
std::function<void(const Result<QJsonObject> &)> TaskView::refreshed()
{
    return [view = QPointer<TaskView>(this)](const Result<QJsonObject> &) {
        if (view && view->isActive())
            view->readLetters();
    };
}

void TaskView::setPaused(bool isPaused)
{
    View::setPaused(isPaused);
    showStatus();
}

void TaskView::refresh()
{
    showStatus();
    readLetters();
}

TaskView::Deaths TaskView::deathsIn(const admin::Status &status)
{
    Deaths deaths{0, status.tasks.buried};
    for (const admin::TaskStoreStatus &store : status.tasks.stores)
        deaths.present += store.dead;
    return deaths;
}

void TaskView::showStatus()
{
    if (!isActive() || isPaused())
        return;
    const auto &status = session().status();
    m_stores.setRecords(status ? status->tasks.stores : QList<admin::TaskStoreStatus>());
    m_failure->setVisible(status && !status->tasks.failure.isEmpty());
    showCharts();
    if (!status) {
        for (Tile *tile : {m_delivered, m_done, m_failed, m_waiting, m_running, m_dead})
            tile->setValue(QStringLiteral("–"));
        return;
    }
    showTiles(*status);
    QPalette colors = m_failure->palette();
    colors.setColor(QPalette::WindowText, theme::toneColor(Tone::Bad, palette()));
    m_failure->setPalette(colors);
    m_failure->setText(tr("The database of tasks: %1").arg(status->tasks.failure));
    if (!m_isReading && session().state().isUp() && deathsIn(*status) != m_known)
        readLetters();
}

void TaskView::showTiles(const admin::Status &status)
{
    const StatusHistory::Rates &rates = store().history().rates();
    const admin::TaskStatus &tasks = status.tasks;
    admin::TaskStoreStatus sum;
    for (const admin::TaskStoreStatus &each : tasks.stores) {
        sum.queued += each.queued;
        sum.delayed += each.delayed;
        sum.running += each.running;
        sum.dead += each.dead;
    }
    m_delivered->setValue(
        format::rate(rates.tasksDelivered), Tone::Plain,
        tr("%1 in all, %2 refused").arg(format::count(tasks.delivered), format::count(tasks.refused)));
    m_done->setValue(format::rate(rates.tasksDone), Tone::Plain, tr("%1 in all").arg(format::count(tasks.done)));
    m_failed->setValue(format::rate(rates.tasksFailed), rates.tasksFailed > 0 ? Tone::Bad : Tone::Plain,
                       tr("%1 in all, %2 retried").arg(format::count(tasks.failed), format::count(tasks.retried)));
    m_waiting->setValue(format::count(sum.queued + sum.delayed), Tone::Plain,
                        tr("%1 of them delayed").arg(format::count(sum.delayed)));
    m_running->setValue(format::count(sum.running), sum.running > 0 ? Tone::Busy : Tone::Plain, tr("in task workers"));
    m_dead->setValue(format::count(sum.dead), sum.dead > 0 ? Tone::Warning : Tone::Plain,
                     tr("%1 since the start").arg(format::count(tasks.buried)));
}

void TaskView::showCharts()
{
    const StatusHistory &history = store().history();
    const double now = double(QDateTime::currentMSecsSinceEpoch()) / 1000;
    const double since = now - shownSeconds;
    m_depthChart->setLines({{tr("waiting"), history.tasksQueued().since(since)}}, now, shownSeconds);
    m_rateChart->setLines(
        {{tr("done"), history.tasksDone().since(since)}, {tr("failed"), history.tasksFailed().since(since)}}, now,
        shownSeconds);
}

/// As many pages as are seen, anew.
void TaskView::readLetters()
{
    ++m_round;
    m_isReading = true;
    m_read.clear();
    m_known = session().status() ? deathsIn(*session().status()) : Deaths();
    readPage({}, m_pages);
}

void TaskView::readOlder()
{
    if (m_isReading || m_older.isEmpty())
        return;
    ++m_pages;
    ++m_round;
    m_isReading = true;
    m_read.clear();
    m_letters.forEach([this](const admin::DeadLetter &letter) { m_read.append(letter); });
    std::sort(m_read.begin(), m_read.end(), [](const admin::DeadLetter &a, const admin::DeadLetter &b) {
        return a.buriedAt > b.buriedAt || (a.buriedAt == b.buriedAt && a.number > b.number);
    });
    readPage(m_older, 1);
}

void TaskView::readPage(const QString &before, int pagesLeft)
{
    admin::DeadLetterQuery query;
    query.before = before;
    session().ask<admin::DeadLetterPage>(admin::Methods::taskDeadLetters, query.toJson(), this,
                                         [this, round = m_round, pagesLeft](const Result<admin::DeadLetterPage> &page) {
                                             if (round != m_round)
                                                 return;
                                             if (!page) {
                                                 m_isReading = false;
                                                 m_panel->table()->setEmptyText(page.error().message());
                                                 return;
                                             }
                                             m_read += page->letters;
                                             if (pagesLeft > 1 && !page->older.isEmpty())
                                                 return readPage(page->older, pagesLeft - 1);
                                             m_isReading = false;
                                             showLetters(page->older);
                                         });
}

void TaskView::showLetters(const QString &older)
{
    m_older = older;
    m_olderButton->setVisible(!older.isEmpty());
    m_panel->table()->setEmptyText(tr("There are no dead letters: tasks and events that have failed for good, however "
                                      "often they were tried, would be here."));
    m_letters.setRecords(m_read);
    m_read.clear();
    if (!m_wantedId.isEmpty() && m_letters.find(m_wantedId))
        m_panel->table()->selectKey(std::exchange(m_wantedId, {}));
    showSelected();
}

void TaskView::showSelected()
{
    const QStringList ids = m_panel->table()->selectedKeys();
    const admin::DeadLetter *letter = ids.size() == 1 ? m_letters.find(ids.constFirst()) : nullptr;
    if (letter)
        m_payload->setLetter(*letter);
    else
        m_payload->clear();
}

QVariantMap TaskView::place() const
{
    return placeWith({{QStringLiteral("letter"), m_panel->table()->currentKey()}});
}

void TaskView::goTo(const QVariantMap &place)
{
    ListView::goTo(place);
    m_wantedId = place.value(QStringLiteral("letter")).toString();
    if (m_letters.find(m_wantedId))
        m_panel->table()->selectKey(std::exchange(m_wantedId, {}));
}

} // namespace Quern::console
