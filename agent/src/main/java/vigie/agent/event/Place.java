package vigie.agent.event;

/**
 * How far a source was read: kept with the event that came from there, in the same write, so that
 * after a crash the source goes on exactly behind it.
 *
 * @param source the source's name, such as {@code journal} or {@code file:/var/log/auth.log}; at
 *     most 512 characters
 * @param cursor what the source needs to go on, in its own words; at most 1,024 characters
 */
public record Place(String source, String cursor) {
  public static final int MOST_SOURCE = 512;
  public static final int MOST_CURSOR = 1024;

  public Place {
    if (source.isEmpty() || source.length() > MOST_SOURCE || cursor.length() > MOST_CURSOR) {
      throw new IllegalArgumentException(
          "place of source \"" + source + "\" with a cursor of " + cursor.length() + " characters");
    }
  }
}
