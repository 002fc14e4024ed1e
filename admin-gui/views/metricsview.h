#pragma once

#include "admin-gui/models/seriesmodel.h"
#include "admin-gui/views/listview.h"

class QCheckBox;
class QComboBox;
class QLabel;

namespace Quern::console {

class ChartPanel;
class RecordPanel;

/// All metrics; those that are selected are plotted.
class MetricsView final : public ListView
{
    Q_OBJECT
public:
    /// More lines than these are one too many to tell apart.
    static constexpr qsizetype MostLines = 6;

    explicit MetricsView(const ViewContext &context);
    ~MetricsView() override;

    void refresh() override;
    void setActive(bool isActive) override;
    void setPaused(bool isPaused) override;
    /// "filter", "series"
    QVariantMap place() const override;
    void goTo(const QVariantMap &place) override;

private:
    void fill();
    void plot();
    void choose(const QStringList &series);

    SeriesModel m_model;
    RecordPanel *m_panel;
    QComboBox *m_span;
    QCheckBox *m_isRate;
    ChartPanel *m_chart;
    QLabel *m_note;
    QStringList m_wanted; ///< to be selected once they are there
};

} // namespace Quern::console
