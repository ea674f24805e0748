package vigie.collector.receive.syslog;

import io.micrometer.core.instrument.Counter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.net.Peer;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogParser;
import vigie.collector.event.Event;
import vigie.collector.event.EventSink;
import vigie.collector.receive.Receiving;
import vigie.collector.receive.Records;
import vigie.collector.receive.Turns;

/**
 * Records that one source sent in one go, from their arrival until all of them are durable. Filled
 * on an event loop, taken on the executor, done on any thread: one after the other.
 */
final class Batch implements Turns.Work {
  private static final Logger log = LoggerFactory.getLogger(Batch.class);

  private final Receiving receiving;
  private final Records maker;
  private final SyslogMeters meters;
  private final Counter messages;
  private final Turns.Source source;
  private final Peer peer;
  private final Instant arrived;
  private final List<byte[]> records = new ArrayList<>();
  private final BitSet cut = new BitSet();
  private int bytes;
  private int taken;

  /**
   * @param messages counts what was taken
   */
  Batch(
      Receiving receiving,
      Records maker,
      SyslogMeters meters,
      Counter messages,
      Turns.Source source,
      Peer peer) {
    this.receiving = receiving;
    this.maker = maker;
    this.meters = meters;
    this.messages = messages;
    this.source = source;
    this.peer = peer;
    this.arrived = receiving.clock().now();
  }

  void add(byte[] record, boolean isCut) {
    if (isCut) {
      cut.set(records.size());
    }
    records.add(record);
    bytes += record.length;
  }

  int bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return records.isEmpty();
  }

  /** Gives it to the source's turns; nothing may be added any more. */
  void handOver() {
    source.add(this, records.size(), bytes);
  }

  @Override
  public int size() {
    return bytes + 64 * records.size();
  }

  @Override
  public void take() {
    Instant received = receiving.received();
    SyslogParser parser = maker.parser();
    SyslogMessage message = parser.emptyMessage();
    String bound = receiving.senders().boundTo(peer);
    List<EventSink.Arrival> arrivals = new ArrayList<>(records.size());
    try {
      for (int i = 0; i < records.size(); i++) {
        if (parser.parse(records.get(i), arrived, message)) {
          take(message, received, bound, cut.get(i), arrivals);
        } else {
          meters.empty.increment();
        }
      }
      records.clear(); // the rest waits for the disk
      if (arrivals.isEmpty()) {
        done();
      } else {
        receiving.sink().accept(arrivals, this::done);
      }
    } catch (RuntimeException failure) {
      log.error("syslog records could not be taken source={}", source.name(), failure);
      refused();
    }
  }

  /** Adds the record's event, unless it is routed elsewhere. */
  private void take(
      SyslogMessage message,
      Instant received,
      String bound,
      boolean isCut,
      List<EventSink.Arrival> arrivals) {
    taken++;
    byte[] raw = message.record();
    Event event = event(message, received, bound, isCut);
    if (!event.type().equals("syslog") || receiving.router().route(message.pri(), raw)) {
      arrivals.add(new EventSink.Arrival(event, raw, message.textLength()));
    }
  }

  /** An agent's own event is one only from whoever proved to be that agent, or to be a relay. */
  private Event event(SyslogMessage message, Instant received, String bound, boolean isCut) {
    if (!peer.certificate().isEmpty()) {
      Event event = maker.event(message, arrived, received, peer, bound, isCut);
      if (event.type().equals("syslog") || receiving.senders().mayTell(peer, event.node())) {
        return event;
      }
    }
    return maker.foreign(message, arrived, received, peer, bound, isCut);
  }

  private void done() {
    messages.increment(taken);
    source.done(bytes);
  }

  @Override
  public void refused() {
    meters.lost.increment(Math.max(taken, records.size()));
    source.done(bytes);
  }
}
