#pragma once

#include <QChartView>
#include <QList>
#include <QPointF>

#include <functional>

class QCategoryAxis;
class QDateTimeAxis;
class QLineSeries;

namespace Quern::console {

/// A plot of one or several numbers over the last minutes, with a title that tells their present values. The vertical
/// axis begins at 0 and has room above the greatest value.
class ChartPanel final : public QChartView
{
    Q_OBJECT
public:
    /// How a value is written: on the axis and in the title.
    using Format = std::function<QString(double value)>;

    struct Line
    {
        QString name;
        QList<QPointF> points; ///< x: seconds since 1970
    };

    ChartPanel(const QString &title, Format format, QWidget *parent = nullptr);

    /// What is shown from now on; as many lines each time keep their colours. \a seconds up to \a now are seen, less
    /// where there is less to be seen.
    void setLines(const QList<Line> &lines, double now, double seconds);

    QSize sizeHint() const override { return {320, 170}; }
    QSize minimumSizeHint() const override { return {200, 120}; }

protected:
    void changeEvent(QEvent *event) override;

private:
    void dress();
    void setSpan(double end, double seconds);
    void setTop(double greatest);

    const QString m_title;
    Format m_format;
    QList<QLineSeries *> m_series; ///< the chart's
    QDateTimeAxis *m_time;
    QCategoryAxis *m_values;
};

} // namespace Quern::console
