package vigie.agent.probe;

import java.util.Locale;

/**
 * A line that {@code ping} prints, of iputils or of busybox.
 *
 * @param seq of the packet it tells of, or -1
 * @param ttl of a reply, or -1
 * @param millis round trip of a reply, NaN where it is not told
 * @param text of an error
 */
record PingLine(Kind kind, int seq, int ttl, double millis, String text) {
  /** What it tells. */
  enum Kind {
    REPLY,
    /** When the next packet is sent: the one before has got no answer so far. */
    NO_ANSWER,
    ERROR,
    /** Headings and summaries. */
    OTHER
  }

  private static final PingLine NOTHING = new PingLine(Kind.OTHER, -1, -1, Double.NaN, "");

  static PingLine parse(String line) {
    if (line.startsWith("no answer yet")) {
      return new PingLine(Kind.NO_ANSWER, (int) number(line, "icmp_seq="), -1, Double.NaN, "");
    }
    if (line.startsWith("From ") || line.startsWith("from ")) {
      return fromRouter(line);
    }
    int from = line.indexOf(" bytes from ");
    if (from > 0 && line.contains("seq=")) {
      return line.contains("(DUP!)")
          ? NOTHING
          : new PingLine(
              Kind.REPLY,
              (int) number(line, "seq="),
              (int) number(line, "ttl="),
              line.contains("time=") ? number(line, "time=") : Double.NaN,
              "");
    }
    if (line.startsWith("ping: ") || line.contains("/ping: ") || line.startsWith("ping6: ")) {
      String text = line.substring(line.indexOf("ping") + 4);
      return error(-1, text.substring(text.indexOf(": ") + 2));
    }
    return NOTHING;
  }

  /** {@code From 10.0.0.1 icmp_seq=3 Destination Host Unreachable}. */
  private static PingLine fromRouter(String line) {
    int seq = line.indexOf("icmp_seq=");
    int said = seq < 0 ? -1 : line.indexOf(' ', seq);
    if (said < 0) {
      return NOTHING;
    }
    String router = line.substring(5, Math.max(5, seq - 1));
    return error(
        (int) number(line, "icmp_seq="),
        line.substring(said + 1).toLowerCase(Locale.ROOT)
            + (router.isEmpty() ? "" : " (says " + router + ")"));
  }

  private static PingLine error(int seq, String text) {
    String words = ExecProbe.printable(text).strip();
    return new PingLine(
        Kind.ERROR,
        seq,
        -1,
        Double.NaN,
        words.isEmpty() ? "" : words.substring(0, 1).toLowerCase(Locale.ROOT) + words.substring(1));
  }

  /** The number after a key, or -1. */
  private static double number(String line, String key) {
    int start = line.indexOf(key);
    if (start < 0) {
      return -1;
    }
    start += key.length();
    int end = start;
    while (end < line.length()
        && end - start < 18
        && (Character.digit(line.charAt(end), 10) >= 0 || line.charAt(end) == '.')) {
      end++;
    }
    try {
      return Double.parseDouble(line.substring(start, end));
    } catch (NumberFormatException e) {
      return -1;
    }
  }
}
