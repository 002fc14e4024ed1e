#include "router_p.h"

#include "application_p.h"
#include "httpsyntax_p.h"
#include "routepattern_p.h"

#include <algorithm>
#include <cstring>

namespace Quern {

namespace {

/// An order that needs no look at the bytes of segments of different length.
bool isBefore(QByteArrayView left, QByteArrayView right)
{
    if (left.size() != right.size())
        return left.size() < right.size();
    return !left.isEmpty() && std::memcmp(left.data(), right.data(), size_t(left.size())) < 0;
}

void appendAllowed(QByteArrayList &methods, const QByteArray &method)
{
    if (method == RouteSpec::WebSocketMethod)
        methods.append(QByteArrayLiteral("GET"));
    else if (method == Router::AnyMethod)
        methods.append({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"});
    else
        methods.append(method);
    if (method == "GET")
        methods.append(QByteArrayLiteral("HEAD"));
}

/// OPTIONS is answered for every path that has a route (RFC 9110 §9.3.7).
QByteArray allowText(QByteArrayList methods)
{
    methods.append(QByteArrayLiteral("OPTIONS"));
    std::sort(methods.begin(), methods.end());
    methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
    return methods.join(", ");
}

} // namespace

void Router::add(const QByteArray &method, const QByteArray &pattern, qsizetype number)
{
    Endpoint endpoint{method, pattern, number, {}};
    qsizetype at = 0;
    const QList<PatternSegment> segments = parsePattern(endpoint.pattern);
    for (const PatternSegment &segment : segments) {
        if (segment.kind != PatternSegment::Kind::Fixed)
            endpoint.parameters.push_back(segment.name);
        at = childFor(at, segment);
    }
    if (endpoint.parameters.empty() && !pattern.contains('%') && !m_fixedPaths.contains(pattern))
        m_fixedPaths.insert(endpoint.pattern, at);
    m_nodes[size_t(at)].endpoints.push_back(std::move(endpoint));
    ++m_count;
}

qsizetype Router::childFor(qsizetype at, const PatternSegment &segment)
{
    Node &node = m_nodes[size_t(at)];
    const auto made = qsizetype(m_nodes.size());
    qsizetype existing = 0;
    if (segment.kind == PatternSegment::Kind::Wildcard) {
        existing = std::exchange(node.wildcard, node.wildcard == 0 ? made : node.wildcard);
    } else if (segment.kind == PatternSegment::Kind::Fixed) {
        existing = fixedChild(node, segment.fixed);
        if (existing == 0) {
            const auto place =
                std::upper_bound(node.fixed.begin(), node.fixed.end(), segment.fixed,
                                 [](QByteArrayView each, const Child &child) { return isBefore(each, child.segment); });
            node.fixed.insert(place, Child{segment.fixed, made});
        }
    } else if (segment.constraint.isEmpty()) {
        existing = std::exchange(node.parameter, node.parameter == 0 ? made : node.parameter);
    } else {
        const auto place =
            std::find_if(node.constrained.begin(), node.constrained.end(),
                         [&](const ConstrainedChild &child) { return child.constraint == segment.constraint; });
        if (place != node.constrained.end()) {
            existing = place->node;
        } else {
            QRegularExpression expression(QRegularExpression::anchoredPattern(QString::fromUtf8(segment.constraint)));
            expression.optimize();
            node.constrained.push_back({segment.constraint.toByteArray(), std::move(expression), made});
        }
    }
    if (existing != 0)
        return existing;
    m_nodes.emplace_back(); // invalidates node
    return made;
}

Router::Match Router::match(QByteArrayView method, QByteArrayView path) const
{
    Match match;
    if (const auto place = m_fixedPaths.constFind(path); place != m_fixedPaths.cend()) {
        if (const Endpoint *endpoint = endpointFor(m_nodes[size_t(*place)], method)) {
            match.outcome = Outcome::Found;
            match.route = endpoint->route;
            return match;
        }
    }
    if (!path.startsWith('/')) {
        // RFC 9112 §3.2.4: the target of a question about the server as a whole.
        if (path == "*" && method == "OPTIONS") {
            match.outcome = Outcome::Options;
            match.allow = allowOfAll();
        }
        return match;
    }
    Walk walk{method, {}, {}};
    if (const Endpoint *endpoint = search(m_nodes.front(), path.sliced(1), walk)) {
        match.outcome = Outcome::Found;
        match.route = endpoint->route;
        for (size_t i = 0; i < endpoint->parameters.size(); ++i)
            match.params.append({endpoint->parameters[i], walk.values[qsizetype(i)]});
    } else if (!walk.refusing.isEmpty()) {
        match.outcome = method == "OPTIONS" ? Outcome::Options : Outcome::MethodNotAllowed;
        QByteArrayList methods;
        for (const Node *node : walk.refusing) {
            for (const Endpoint &each : node->endpoints)
                appendAllowed(methods, each.method);
        }
        match.allow = allowText(methods);
        const auto hasWebSocket = [](const Node *node) {
            return std::any_of(node->endpoints.begin(), node->endpoints.end(),
                               [](const Endpoint &each) { return each.method == RouteSpec::WebSocketMethod; });
        };
        if ((method == "GET" || method == "HEAD") &&
            std::any_of(walk.refusing.begin(), walk.refusing.end(), hasWebSocket))
            match.outcome = Outcome::UpgradeRequired;
    }
    return match;
}

qsizetype Router::fixedChild(const Node &node, QByteArrayView segment)
{
    const auto place =
        std::lower_bound(node.fixed.begin(), node.fixed.end(), segment,
                         [](const Child &child, QByteArrayView each) { return isBefore(child.segment, each); });
    return place != node.fixed.end() && place->segment == segment ? place->node : 0;
}

/// Follows \a rest, a path without the '/' that led to \a node. Each node is entered once at most.
const Router::Endpoint *Router::search(const Node &node, QByteArrayView rest, Walk &walk) const
{
    const qsizetype slash = rest.indexOf('/');
    const QByteArrayView segment = slash < 0 ? rest : rest.first(slash);

    qsizetype next = 0;
    if (segment.contains('%')) {
        QVarLengthArray<char, 128> decoded;
        appendPercentDecoded(segment, Plus::Literal, decoded);
        next = fixedChild(node, QByteArrayView(decoded.constData(), decoded.size()));
    } else {
        next = fixedChild(node, segment);
    }
    if (next != 0) {
        if (const Endpoint *endpoint = arrive(m_nodes[size_t(next)], rest, slash, walk))
            return endpoint;
    }
    if (segment.isEmpty())
        return nullptr;
    if (!node.constrained.empty()) {
        if (const Endpoint *endpoint = searchConstrained(node, segment, rest, slash, walk))
            return endpoint;
    }
    if (node.parameter != 0) {
        if (const Endpoint *endpoint = take(node.parameter, segment, rest, slash, walk))
            return endpoint;
    }
    return node.wildcard == 0 ? nullptr : take(node.wildcard, rest, rest, -1, walk);
}

const Router::Endpoint *Router::searchConstrained(const Node &node, QByteArrayView segment, QByteArrayView rest,
                                                  qsizetype slash, Walk &walk) const
{
    QVarLengthArray<char, 128> decoded;
    appendPercentDecoded(segment, Plus::Literal, decoded);
    const QString text = QString::fromUtf8(decoded.constData(), decoded.size());
    for (const ConstrainedChild &child : node.constrained) {
        if (!child.expression.match(text).hasMatch())
            continue;
        if (const Endpoint *endpoint = take(child.node, segment, rest, slash, walk))
            return endpoint;
    }
    return nullptr;
}

/// Goes on to \a node, which \a value led to.
const Router::Endpoint *Router::take(qsizetype node, QByteArrayView value, QByteArrayView rest, qsizetype slash,
                                     Walk &walk) const
{
    walk.values.append(value);
    const Endpoint *endpoint = arrive(m_nodes[size_t(node)], rest, slash, walk);
    if (endpoint == nullptr)
        walk.values.removeLast();
    return endpoint;
}

const Router::Endpoint *Router::arrive(const Node &node, QByteArrayView rest, qsizetype slash, Walk &walk) const
{
    if (slash >= 0)
        return search(node, rest.sliced(slash + 1), walk);
    const Endpoint *endpoint = endpointFor(node, walk.method);
    if (endpoint == nullptr && !node.endpoints.empty())
        walk.refusing.append(&node);
    return endpoint;
}

const Router::Endpoint *Router::endpointFor(const Node &node, QByteArrayView method)
{
    const auto find = [&node](QByteArrayView wanted) -> const Endpoint * {
        for (const Endpoint &endpoint : node.endpoints) {
            if (endpoint.method == wanted)
                return &endpoint;
        }
        return nullptr;
    };
    if (const Endpoint *endpoint = find(method))
        return endpoint;
    if (method == RouteSpec::WebSocketMethod)
        return nullptr;
    // RFC 9110 §9.3.2: HEAD is GET without the content.
    const Endpoint *get = method == "HEAD" ? find("GET") : nullptr;
    return get != nullptr ? get : find(AnyMethod);
}

QByteArray Router::allowOfAll() const
{
    QByteArrayList methods;
    for (const Node &node : m_nodes) {
        for (const Endpoint &endpoint : node.endpoints)
            appendAllowed(methods, endpoint.method);
    }
    return allowText(methods);
}

} // namespace Quern
