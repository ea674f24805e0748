package vigie.collector.event;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The text of an event. That of a record becomes a string only where somebody asks for it: of most
 * records in a storm nobody does until they are stored. Safe for all threads.
 */
public final class EventText {
  private final byte[] record;
  private final int length;

  /** Whoever misses it makes it anew: strings of the same bytes are the same. */
  private @Nullable String text;

  private EventText(byte[] record, int length, @Nullable String text) {
    this.record = record;
    this.length = length;
    this.text = text;
  }

  static EventText of(String text) {
    return new EventText(new byte[0], 0, text);
  }

  /**
   * The end of a record, read as UTF-8.
   *
   * @param record kept, so not to be written to again
   * @param length how many bytes of it
   */
  public static EventText endOf(byte[] record, int length) {
    return new EventText(record, length, null);
  }

  @Override
  public String toString() {
    String made = text;
    if (made == null) {
      made = new String(record, record.length - length, length, StandardCharsets.UTF_8);
      text = made;
    }
    return made;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof EventText that && toString().equals(that.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }
}
