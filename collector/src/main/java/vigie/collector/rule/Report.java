package vigie.collector.rule;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Lines for a person. */
final class Report {
  private final Appendable out;

  Report(Appendable out) {
    this.out = out;
  }

  void line(String text) {
    try {
      out.append(text).append('\n');
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the report", e);
    }
  }
}
