package vigie.collector.bot;

import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import vigie.base.time.Clock;
import vigie.collector.alert.Acknowledgements;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertHistory;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.EventPage;
import vigie.collector.event.EventQuery;
import vigie.collector.node.Node;
import vigie.collector.promql.Engine;
import vigie.collector.silence.Silences;

/**
 * What the bot may ask of the collector and do to it.
 *
 * @param alerts all that are pending or firing
 * @param cards the wanted state of an incident's card that is the message with that id; empty where
 *     there is no such card any more
 */
public record Desk(
    Supplier<List<Alert>> alerts,
    BiFunction<String, String, Optional<Notification>> cards,
    Acknowledgements acknowledgements,
    Silences silences,
    AlertHistory history,
    Supplier<List<Node>> nodes,
    Function<EventQuery, EventPage> events,
    Engine engine,
    Clock clock) {}
