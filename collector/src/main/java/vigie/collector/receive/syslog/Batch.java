package vigie.collector.receive.syslog;

import io.micrometer.core.instrument.Counter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.net.Peer;
import vigie.base.syslog.SyslogFrames;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogParser;
import vigie.collector.event.Event;
import vigie.collector.event.EventSink;
import vigie.collector.event.SyslogRecords;
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
  private final SyslogRecords records;
  private int taken;
  private volatile boolean ended;

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
    this.records = receiving.emptyRecords();
  }

  /** What came; to be filled before {@link #handOver}. */
  SyslogFrames frames() {
    return records.frames();
  }

  /** Gives it to the source's turns, unless nothing came; nothing may be added any more. */
  void handOver() {
    if (frames().count() == 0) {
      receiving.emptied(records);
    } else {
      source.add(this, frames().count(), frames().length());
    }
  }

  @Override
  public int size() {
    return frames().length() + 64 * frames().count();
  }

  @Override
  public void take() {
    try {
      if (peer.certificate().isEmpty()) {
        takeForeign();
      } else {
        takeAny();
      }
    } catch (RuntimeException | Error failure) { // else its source would wait for ever
      log.error("syslog records could not be taken source={}", source.name(), failure);
      lose(); // but the records are not given back: the sink may still have them
    }
  }

  /** Of a peer that proved nothing, all is foreign. */
  private void takeForeign() {
    String bound = receiving.senders().boundTo(peer);
    each(
        (message, isCut) -> {
          if (receiving.router().route(message)) {
            maker.addForeign(records, message, arrived, peer, bound, isCut);
          }
        });
    if (records.count() == 0) {
      done();
    } else {
      records.received(receiving.received());
      receiving.sink().accept(records, this::durable, this::end);
    }
  }

  /** An agent's own event is one only from whoever proved to be that agent, or to be a relay. */
  private void takeAny() {
    Instant received = receiving.received();
    String bound = receiving.senders().boundTo(peer);
    List<EventSink.Arrival> arrivals = new ArrayList<>();
    each(
        (message, isCut) -> {
          Event own = maker.own(message, arrived, received, peer, isCut);
          if (own != null && receiving.senders().mayTell(peer, own.node())) {
            arrivals.add(maker.arrival(own, message, bound, isCut));
          } else if (receiving.router().route(message)) {
            Event event = maker.foreign(message, arrived, received, peer, bound, isCut);
            arrivals.add(maker.arrival(event, message, bound, isCut));
          }
        });
    if (arrivals.isEmpty()) {
      done();
    } else {
      receiving.sink().accept(arrivals, this::done);
    }
  }

  private interface Taker {
    void take(SyslogMessage message, boolean isCut);
  }

  private void each(Taker taker) {
    SyslogParser parser = maker.parser();
    SyslogMessage message = parser.emptyMessage();
    SyslogFrames frames = frames();
    for (int i = 0; i < frames.count(); i++) {
      if (parser.parse(frames.bytes(), frames.start(i), frames.end(i), arrived, message)) {
        taken++;
        taker.take(message, frames.isCut(i));
      } else {
        meters.empty.increment();
      }
    }
  }

  private void durable() {
    messages.increment(taken);
  }

  private void done() {
    durable();
    end();
  }

  @Override
  public void refused() {
    lose();
    receiving.emptied(records);
  }

  private void lose() {
    if (!ended) {
      ended = true;
      meters.lost.increment(frames().count());
      source.done(frames().length());
    }
  }

  /** Once: who got the records twice would mix two batches. */
  private void end() {
    if (!ended) {
      ended = true;
      int bytes = frames().length();
      receiving.emptied(records);
      source.done(bytes);
    }
  }
}
