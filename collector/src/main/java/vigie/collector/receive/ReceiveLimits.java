package vigie.collector.receive;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import vigie.base.config.Section;
import vigie.base.relp.RelpLimits;

/**
 * {@code limits:} of the collector: what receivers take from outside. A size is in bytes, a time in
 * milliseconds.
 *
 * @param values every limit
 */
public record ReceiveLimits(Map<Limit, Long> values) {
  private static final long KIB = 1024;
  private static final long MIB = 1024 * KIB;

  /** What holds where nothing is set. */
  public static final ReceiveLimits DEFAULTS = defaults();

  public ReceiveLimits {
    values = Collections.unmodifiableMap(new EnumMap<>(values));
    for (Limit limit : Limit.values()) {
      Long value = values.get(limit);
      if (value == null || value < (limit == Limit.RECORDS_PER_SECOND ? 0 : 1)) {
        throw new IllegalArgumentException(limit.key() + " " + value + " lets nothing through");
      }
    }
  }

  private static ReceiveLimits defaults() {
    RelpLimits relp = RelpLimits.DEFAULTS;
    Map<Limit, Long> values = new EnumMap<>(Limit.class);
    values.put(Limit.SD_ELEMENTS, 64L);
    values.put(Limit.SD_PARAMS, 256L);
    values.put(Limit.FIELD_BYTES, KIB);
    values.put(Limit.RECORDS_PER_SECOND, 0L);
    values.put(Limit.FIRST_RECORD_TIMEOUT, Duration.ofSeconds(30).toMillis());
    values.put(Limit.UDP_BUFFER_BYTES, 4 * MIB);
    values.put(Limit.FORWARD_BYTES, 4 * MIB);
    return withRelp(values, relp);
  }

  private static ReceiveLimits withRelp(Map<Limit, Long> values, RelpLimits relp) {
    values.put(Limit.RECORD_BYTES, (long) relp.recordBytes());
    values.put(Limit.DECLARED_BYTES, (long) relp.declaredBytes());
    values.put(Limit.OPEN_BYTES, (long) relp.openBytes());
    values.put(Limit.OFFERS, (long) relp.offers());
    values.put(Limit.UNACKED_RECORDS, (long) relp.unackedRecords());
    values.put(Limit.UNACKED_BYTES, (long) relp.unackedBytes());
    values.put(Limit.QUEUE_BYTES, (long) relp.totalUnackedBytes());
    values.put(Limit.SOURCE_BYTES, (long) Math.max(1, relp.totalUnackedBytes() / 4));
    values.put(Limit.TURN_BYTES, (long) relp.turnBytes());
    values.put(Limit.CONNECTIONS, (long) relp.connections());
    values.put(Limit.CONNECTIONS_PER_ADDRESS, (long) relp.connectionsPerAddress());
    values.put(Limit.HANDSHAKE_TIMEOUT, relp.open().toMillis());
    values.put(Limit.PARTIAL_TIMEOUT, relp.partial().toMillis());
    values.put(Limit.QUIET_TIMEOUT, relp.quiet().toMillis());
    return new ReceiveLimits(values);
  }

  /** These with RELP's own in place. */
  public ReceiveLimits with(RelpLimits relp) {
    return withRelp(new EnumMap<>(values), relp);
  }

  /** These with one in place. */
  public ReceiveLimits with(Limit limit, long value) {
    Map<Limit, Long> changed = new EnumMap<>(values);
    changed.put(limit, value);
    return new ReceiveLimits(changed);
  }

  /**
   * Reads {@code limits}; what is not set keeps its default, and a source a quarter of the queue.
   */
  public static ReceiveLimits read(Section section) {
    Map<Limit, Long> values = new EnumMap<>(DEFAULTS.values);
    for (Limit limit : Limit.values()) {
      String key = limit.key();
      long otherwise =
          limit == Limit.SOURCE_BYTES
              ? values.getOrDefault(Limit.QUEUE_BYTES, 0L) / 4
              : values.getOrDefault(limit, 0L);
      long value;
      if (key.endsWith("_timeout")) {
        Duration most = Duration.ofDays(3650);
        value =
            section
                .duration(key, Duration.ofMillis(otherwise), Duration.ofMillis(100), most)
                .toMillis();
      } else if (key.endsWith("_bytes")) {
        value = section.bytes(key, otherwise, 1, 1 << 30);
      } else {
        value = section.integer(key, otherwise, limit == Limit.RECORDS_PER_SECOND ? 0 : 1, 1 << 24);
      }
      values.put(limit, value);
    }
    if (values.getOrDefault(Limit.RECORD_BYTES, 0L) > 256 * KIB) {
      section.fault("record_bytes", "record_bytes must be at most 256KiB, what the store takes");
      return DEFAULTS;
    }
    long least =
        Math.max(
            values.getOrDefault(Limit.RECORD_BYTES, 0L), values.getOrDefault(Limit.OPEN_BYTES, 0L));
    if (values.getOrDefault(Limit.DECLARED_BYTES, 0L) < least) {
      section.fault(
          "declared_bytes", "declared_bytes must be at least record_bytes and open_bytes");
      return DEFAULTS;
    }
    section.end();
    return new ReceiveLimits(values);
  }

  /** A size or a number. */
  public int of(Limit limit) {
    return (int) Math.min(Integer.MAX_VALUE, values.getOrDefault(limit, 0L));
  }

  public Duration time(Limit limit) {
    return Duration.ofMillis(values.getOrDefault(limit, 0L));
  }

  /** Those that RELP's own code goes by. */
  public RelpLimits relp() {
    return new RelpLimits(
        of(Limit.RECORD_BYTES),
        of(Limit.DECLARED_BYTES),
        of(Limit.OPEN_BYTES),
        of(Limit.OFFERS),
        of(Limit.UNACKED_RECORDS),
        of(Limit.UNACKED_BYTES),
        of(Limit.QUEUE_BYTES),
        of(Limit.TURN_BYTES),
        of(Limit.CONNECTIONS),
        of(Limit.CONNECTIONS_PER_ADDRESS),
        time(Limit.HANDSHAKE_TIMEOUT),
        time(Limit.PARTIAL_TIMEOUT),
        time(Limit.QUIET_TIMEOUT),
        RelpLimits.DEFAULTS.farewell());
  }
}
