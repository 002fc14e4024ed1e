#include "admin-gui/views/metricsview.h"

#include "admin-gui/models/format.h"
#include "admin-gui/store/serverstore.h"
#include "admin-gui/widgets/chartpanel.h"
#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"

#include <QCheckBox>
#include <QComboBox>
#include <QItemSelectionModel>
#include <QLabel>
#include <QLineEdit>
#include <QSettings>
#include <QSplitter>
#include <QVBoxLayout>

namespace Quern::console {

namespace {

const QString seriesKey = QStringLiteral("metrics/series");
constexpr int secondsPerMinute = 60;

QString labelText(const MetricSample &sample)
{
    QStringList parts;
    for (auto it = sample.labels.begin(); it != sample.labels.end(); ++it)
        parts.append(it.key() + u'=' + it.value());
    return parts.join(QStringLiteral(", "));
}

} // namespace

MetricsView::MetricsView(const ViewContext &context)
    : ListView(context, QStringLiteral("metrics"), tr("Metrics"))
    , m_panel(new RecordPanel(&m_model, QStringLiteral("metrics")))
    , m_span(new QComboBox)
    , m_isRate(new QCheckBox(tr("Counters &per second")))
    , m_chart(nullptr)
    , m_note(new QLabel)
    , m_wanted(QSettings().value(seriesKey).toStringList())
{
    m_chart = new ChartPanel(tr("Metrics"), [this](double value) {
        const QStringList keys = m_panel->table()->selectedKeys();
        const MetricRow *first = keys.isEmpty() ? nullptr : m_model.find(keys.constFirst());
        if (!first)
            return format::number(value);
        const bool isRate = m_isRate->isChecked() && first->isCounter();
        const QString text = SeriesModel::valueText(first->name, value);
        return isRate ? tr("%1/s").arg(text) : text;
    });
    for (const int minutes : {1, 5, 15})
        m_span->addItem(tr("%n minute(s)", nullptr, minutes), minutes * secondsPerMinute);
    m_span->setCurrentIndex(1);
    m_span->setAccessibleName(tr("How far back"));
    m_isRate->setChecked(true);
    m_isRate->setToolTip(tr("A counter only grows: what tells something is by how much"));
    m_note->setForegroundRole(QPalette::PlaceholderText);
    m_note->setWordWrap(true);
    m_panel->bar()->addWidget(m_isRate);
    m_panel->bar()->addWidget(m_span);
    RecordTable *table = m_panel->table();
    table->setEmptyText(tr("No metrics have come yet."));
    table->setDefaultWidths({44, 50, 14, 11});
    auto *splitter = new QSplitter(Qt::Vertical);
    splitter->addWidget(m_chart);
    splitter->addWidget(m_panel);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 2);
    splitter->setSizes({260, 400});
    setPanel(m_panel);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(splitter, 1);
    layout->addWidget(m_note);
    connect(&context.store.metrics(), &MetricsStore::changed, this, &MetricsView::fill);
    connect(table, &RecordTable::selectionMoved, this, &MetricsView::plot);
    connect(m_span, &QComboBox::currentIndexChanged, this, &MetricsView::plot);
    connect(m_isRate, &QCheckBox::toggled, this, &MetricsView::plot);
}

MetricsView::~MetricsView()
{
    QSettings().setValue(seriesKey, m_wanted.isEmpty() ? m_panel->table()->selectedKeys() : m_wanted);
}

void MetricsView::setActive(bool isActive)
{
    View::setActive(isActive);
    fill();
}

void MetricsView::setPaused(bool isPaused)
{
    View::setPaused(isPaused);
    fill();
}

void MetricsView::refresh()
{
    store().metrics().readNow();
}

void MetricsView::fill()
{
    if (!isActive() || isPaused())
        return;
    const MetricsSnapshot &snapshot = store().metrics().snapshot();
    QList<MetricRow> rows;
    rows.reserve(snapshot.samples.size());
    for (const MetricSample &sample : snapshot.samples) {
        const MetricFamily *family = snapshot.familyOf(sample);
        rows.append({sample.series(), sample.name, labelText(sample), family ? family->type : QString(),
                     family ? family->help : QString(), sample.value});
    }
    m_model.setRecords(rows);
    if (!rows.isEmpty())
        choose(std::exchange(m_wanted, {}));
    plot();
}

void MetricsView::choose(const QStringList &series)
{
    QItemSelection selection;
    for (const QString &each : series) {
        const int row = m_model.rowOfKey(each);
        if (row >= 0)
            selection.select(m_model.index(row, 0), m_model.index(row, m_model.columnCount() - 1));
    }
    if (!selection.isEmpty())
        m_panel->table()->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
}

void MetricsView::plot()
{
    const QStringList chosen = m_panel->table()->selectedKeys();
    const double now = double(QDateTime::currentMSecsSinceEpoch()) / 1000;
    const double seconds = m_span->currentData().toDouble();
    QList<ChartPanel::Line> lines;
    for (const QString &series : chosen.first(std::min(chosen.size(), MostLines))) {
        const MetricRow *row = m_model.find(series);
        const bool isCounter = row && row->isCounter();
        const QString name = row && !row->labels.isEmpty() ? row->name + QStringLiteral(" · ") + row->labels : series;
        lines.append({name, isCounter && m_isRate->isChecked()
                                ? store().metrics().rateOf(series, now - seconds)
                                : store().metrics().history(series).since(now - seconds)});
    }
    m_chart->setLines(lines, now, seconds);
    const QString trouble = store().metrics().trouble();
    if (!trouble.isEmpty())
        m_note->setText(trouble);
    else if (chosen.isEmpty())
        m_note->setText(tr("Select one or several metrics to plot them."));
    else if (chosen.size() > MostLines)
        m_note->setText(tr("The first %1 of those selected are plotted.").arg(MostLines));
    else
        m_note->setText(lines.size() == 1 && m_model.find(chosen.constFirst()) ? m_model.find(chosen.constFirst())->help
                                                                               : QString());
}

QVariantMap MetricsView::place() const
{
    return placeWith({{QStringLiteral("series"), m_panel->table()->selectedKeys()}});
}

void MetricsView::goTo(const QVariantMap &place)
{
    ListView::goTo(place);
    m_wanted = place.value(QStringLiteral("series")).toStringList();
    fill();
}

} // namespace Quern::console
