#include "worker/router.h"

#include "sdk/src/httpsyntax_p.h"
#include "sdk/src/routepattern_p.h"

#include <algorithm>
#include <cstring>

namespace Quern::worker {

namespace {

/// An order that needs no look at the bytes of segments of different length.
bool isBefore(QByteArrayView left, QByteArrayView right)
{
    if (left.size() != right.size())
        return left.size() < right.size();
    return !left.isEmpty() && std::memcmp(left.data(), right.data(), size_t(left.size())) < 0;
}

} // namespace

Router::Router(const std::deque<RouteSpec> &routes) : m_nodes(1)
{
    qsizetype index = 0;
    for (const RouteSpec &spec : routes)
        insert(spec, index++);
}

void Router::insert(const RouteSpec &spec, qsizetype route)
{
    Endpoint endpoint{spec.method, route, {}};
    qsizetype at = 0;
    const QList<PatternSegment> segments = parsePattern(spec.pattern);
    for (const PatternSegment &segment : segments) {
        qsizetype next =
            segment.isParameter() ? m_nodes[size_t(at)].parameter : fixedChild(m_nodes[size_t(at)], segment.fixed);
        if (next == 0) {
            next = qsizetype(m_nodes.size());
            m_nodes.emplace_back();
            Node &node = m_nodes[size_t(at)];
            if (segment.isParameter()) {
                node.parameter = next;
            } else {
                const auto place = std::upper_bound(
                    node.fixed.begin(), node.fixed.end(), segment.fixed,
                    [](QByteArrayView each, const Child &child) { return isBefore(each, child.segment); });
                node.fixed.insert(place, Child{segment.fixed, next});
            }
        }
        if (segment.isParameter())
            endpoint.parameters.push_back(segment.parameter);
        at = next;
    }
    if (endpoint.parameters.empty() && !spec.pattern.contains('%'))
        m_fixedPaths.insert(spec.pattern, at);
    m_nodes[size_t(at)].endpoints.push_back(std::move(endpoint));
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
    if (!path.startsWith('/'))
        return match;
    Walk walk{method, {}, {}};
    if (const Endpoint *endpoint = search(m_nodes.front(), path.sliced(1), walk)) {
        match.outcome = Outcome::Found;
        match.route = endpoint->route;
        for (size_t i = 0; i < endpoint->parameters.size(); ++i)
            match.params.append({endpoint->parameters[i], walk.values[qsizetype(i)]});
    } else if (!walk.refusing.isEmpty()) {
        match.outcome = Outcome::MethodNotAllowed;
        match.allow = allowOf(walk);
    }
    return match;
}

qsizetype Router::fixedChild(const Node &node, QByteArrayView segment) const
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
    if (node.parameter == 0 || segment.isEmpty())
        return nullptr;
    walk.values.append(segment);
    const Endpoint *endpoint = arrive(m_nodes[size_t(node.parameter)], rest, slash, walk);
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
    const Endpoint *endpoint = find(method);
    // RFC 9110 §9.3.2: HEAD is GET without the content.
    return endpoint == nullptr && method == "HEAD" ? find("GET") : endpoint;
}

QByteArray Router::allowOf(const Walk &walk)
{
    QByteArrayList methods;
    for (const Node *node : walk.refusing) {
        for (const Endpoint &endpoint : node->endpoints) {
            methods.append(endpoint.method.toByteArray());
            if (endpoint.method == "GET")
                methods.append(QByteArrayLiteral("HEAD"));
        }
    }
    std::sort(methods.begin(), methods.end());
    methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
    return methods.join(", ");
}

} // namespace Quern::worker
