#include "admin-gui/widgets/theme.h"

#include <QApplication>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QStyle>
#include <QStyleFactory>
#include <QStyleHints>
#include <QSvgRenderer>

#include <array>

namespace Quern::console::theme {

namespace {

constexpr int darkBelow = 128;

/// Before the first change: what the desktop has asked for.
const QPalette &systemPalette()
{
    static const QPalette palette = QApplication::palette();
    return palette;
}

QPalette paletteOf(bool dark)
{
    const QColor window(dark ? 0x20242a : 0xf5f6f8);
    const QColor base(dark ? 0x171a1f : 0xffffff);
    const QColor alternate(dark ? 0x1c2026 : 0xf8f9fb);
    const QColor text(dark ? 0xe4e7eb : 0x1f2430);
    const QColor faint(dark ? 0x868e9a : 0x767f8c);
    const QColor button(dark ? 0x2b3038 : 0xeceef2);
    const QColor accent(dark ? 0x3f7bd6 : 0x2563c9);
    QPalette palette(button, window);
    for (const QPalette::ColorGroup group : {QPalette::Active, QPalette::Inactive, QPalette::Disabled}) {
        const bool isDisabled = group == QPalette::Disabled;
        const QColor &shown = isDisabled ? faint : text;
        palette.setColor(group, QPalette::WindowText, shown);
        palette.setColor(group, QPalette::Text, shown);
        palette.setColor(group, QPalette::ButtonText, shown);
        palette.setColor(group, QPalette::Base, base);
        palette.setColor(group, QPalette::AlternateBase, alternate);
        palette.setColor(group, QPalette::ToolTipBase, button);
        palette.setColor(group, QPalette::ToolTipText, text);
        palette.setColor(group, QPalette::PlaceholderText, faint);
        palette.setColor(group, QPalette::Highlight, isDisabled ? button : accent);
        palette.setColor(group, QPalette::HighlightedText, isDisabled ? faint : QColor(Qt::white));
        palette.setColor(group, QPalette::Link, QColor(dark ? 0x79a9f2 : 0x1f5fc4));
    }
    return palette;
}

/// Draws an SVG in the colour of the text, whatever that is at the time.
class GlyphEngine final : public QIconEngine
{
public:
    explicit GlyphEngine(QByteArray svg) : m_svg(std::move(svg)) {}

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State) override
    {
        const QPalette palette = QApplication::palette();
        const QPalette::ColorGroup group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
        const QColor color =
            palette.color(group, mode == QIcon::Selected ? QPalette::HighlightedText : QPalette::WindowText);
        QByteArray colored = m_svg;
        colored.replace("currentColor", color.name().toLatin1());
        QSvgRenderer(colored).render(painter, rect);
    }

    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paint(&painter, pixmap.rect(), mode, state);
        return pixmap;
    }

    QIconEngine *clone() const override { return new GlyphEngine(m_svg); }

private:
    const QByteArray m_svg;
};

QColor between(const QColor &a, const QColor &b, double share)
{
    const auto mix = [share](int from, int to) { return int(from + (to - from) * share); };
    return QColor(mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue()));
}

} // namespace

void apply(Choice choice)
{
    const bool dark = choice == Choice::Dark || (choice == Choice::System && isDark(systemPalette()));
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    QApplication::setPalette(paletteOf(dark));
}

bool isDark(const QPalette &palette)
{
    return palette.color(QPalette::Window).lightness() < darkBelow;
}

QColor toneColor(Tone tone, const QPalette &palette)
{
    const bool dark = isDark(palette);
    switch (tone) {
    case Tone::Good:
        return QColor(dark ? 0x4cc38a : 0x147d4b);
    case Tone::Busy:
        return QColor(dark ? 0x6aa6f8 : 0x1f62c7);
    case Tone::Warning:
        return QColor(dark ? 0xf0b429 : 0x9a5b00);
    case Tone::Bad:
        return QColor(dark ? 0xff7b72 : 0xc42b23);
    case Tone::Faint:
        return palette.color(QPalette::PlaceholderText);
    case Tone::Plain:
        break;
    }
    return palette.color(QPalette::Text);
}

QColor toneBackground(Tone tone, const QPalette &palette)
{
    return between(palette.color(QPalette::Window), toneColor(tone, palette), isDark(palette) ? 0.22 : 0.13);
}

QColor seriesColor(int number, const QPalette &palette)
{
    // Told apart also by those who see few colours (after Okabe and Ito).
    static constexpr std::array light = {0x0072b2, 0xd55e00, 0x009e73, 0xb0508c, 0x8a6d00, 0x3a9bd6};
    static constexpr std::array dark = {0x56b4e9, 0xf0883e, 0x2fc996, 0xdd8fc0, 0xf0e442, 0x9fb8d8};
    const std::size_t place = std::size_t(number) % light.size();
    return QColor(QRgb(isDark(palette) ? dark[place] : light[place]));
}

QColor lineColor(const QPalette &palette)
{
    return between(palette.color(QPalette::Window), palette.color(QPalette::WindowText), 0.16);
}

int rowHeight(const QFontMetrics &metrics)
{
    return metrics.height() + 10;
}

QIcon icon(const QString &name)
{
    QFile file(QStringLiteral(":/quern/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return QIcon(new GlyphEngine(file.readAll()));
}

QIcon healthIcon(Tone tone)
{
    QFile file(QStringLiteral(":/quern/icons/quern.svg"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QByteArray svg = file.readAll();
    svg.replace("currentColor", toneColor(tone, paletteOf(false)).name().toLatin1());
    QSvgRenderer renderer(svg);
    QIcon icon;
    for (const int size : {16, 22, 24, 32, 48, 64, 128}) {
        QPixmap pixmap(size, size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        renderer.render(&painter);
        painter.end();
        icon.addPixmap(pixmap);
    }
    return icon;
}

} // namespace Quern::console::theme
