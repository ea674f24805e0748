package vigie.collector.node;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.event.Event;
import vigie.collector.event.EventListener;
import vigie.collector.event.EventSink;
import vigie.collector.sample.Appender;

/** What is known of each node. Safe for all threads. */
public final class Nodes implements EventListener {
  /**
   * @param sink takes {@code node.silent} and {@code node.back}
   * @param emitter runs what waits for the sink; one thread, so that they keep their order
   * @param appender takes {@code vigie_node_up}
   */
  public Nodes(
      NodesConfig config,
      Clock clock,
      Scheduler scheduler,
      EventSink sink,
      Executor emitter,
      Appender appender,
      MeterRegistry meters) {}

  @Override
  public void onEvent(Event event, boolean late) {}

  /** A sign of life: a scrape that succeeded, samples pushed, a session that is open. */
  public void heard(String node) {}

  /** Whether the node has not been heard for {@code silent_after}; unknown ones are not. */
  public boolean isSilent(String node) {
    return false;
  }

  /** All nodes, by name. */
  public List<Node> list() {
    return List.of();
  }

  public Optional<Node> find(String name) {
    return list().stream().filter(node -> node.name().equals(name)).findFirst();
  }
}
