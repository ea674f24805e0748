package vigie.base.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** What an HTTP server turned away, by reason: each of its limits shows here. */
final class HttpMeters {
  /** Why a request or a connection was turned away. */
  enum Reason {
    /** More connections than the limit; closed at once. */
    CONNECTIONS,
    /** Request line or headers too long. */
    HEAD_TOO_LARGE,
    BODY_TOO_LARGE,
    /** Not HTTP. */
    UNREADABLE,
    /** A second request before the first was answered. */
    PIPELINED,
    /** The request did not come in wholly in its time. */
    REQUEST_TIME,
    /** The answer was not made and taken in its time. */
    ANSWER_TIME,
    /** All threads taken and the queue full. */
    BUSY,
    /** {@code rate_limit} of the web configuration. */
    RATE,
    /** The TLS handshake failed: no TLS, no common version, no certificate that is let in. */
    HANDSHAKE,
    /** No password, or not the right one. */
    CREDENTIALS,
    /** Too many wrong passwords from one address. */
    ATTEMPTS
  }

  private final Map<Reason, Counter> counters = new EnumMap<>(Reason.class);

  HttpMeters(MeterRegistry meters) {
    for (Reason reason : Reason.values()) {
      counters.put(
          reason,
          Counter.builder("vigie.http.refused")
              .description("Requests and connections that the HTTP server turned away.")
              .tag("reason", reason.name().toLowerCase(Locale.ROOT))
              .register(meters));
    }
  }

  void refused(Reason reason) {
    Objects.requireNonNull(counters.get(reason)).increment();
  }
}
