package vigie.collector.store.event;

import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * What one file of events holds: those received on a day (UTC), or a part of them where they are
 * many. {@code 2026-11-21.db}, then {@code 2026-11-21.2.db} and so on; {@code
 * 2026-11-21.imported.db} holds those that were imported.
 *
 * @param number {@value #IMPORTED} for imported ones, from {@value #FIRST} for received ones
 */
record Part(LocalDate day, int number) implements Comparable<Part> {
  static final int IMPORTED = 0;
  static final int FIRST = 1;
  private static final String END = ".db";
  private static final Comparator<Part> ORDER =
      Comparator.comparing(Part::day).thenComparingInt(Part::number);

  /** The part that a file of this name holds; null where it is no file of ours. */
  static @Nullable Part of(String fileName) {
    if (!fileName.endsWith(END) || fileName.length() < 10 + END.length()) {
      return null;
    }
    String number = fileName.substring(10, fileName.length() - END.length());
    try {
      Part part =
          new Part(
              LocalDate.parse(fileName.substring(0, 10)),
              switch (number) {
                case "" -> FIRST;
                case ".imported" -> IMPORTED;
                default -> number.startsWith(".") ? Integer.parseInt(number.substring(1)) : -1;
              });
      return part.fileName().equals(fileName) ? part : null;
    } catch (DateTimeParseException | NumberFormatException e) {
      return null;
    }
  }

  String fileName() {
    return day
        + switch (number) {
          case IMPORTED -> ".imported";
          case FIRST -> "";
          default -> "." + number;
        }
        + END;
  }

  boolean isImported() {
    return number == IMPORTED;
  }

  Part next() {
    return new Part(day, number + 1);
  }

  @Override
  public int compareTo(Part other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return fileName();
  }
}
