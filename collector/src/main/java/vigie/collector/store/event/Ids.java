package vigie.collector.store.event;

/**
 * Ids as people see them: the number of an event received here, {@code i} and a number for an
 * imported one. Within, imported ones are negative, so that they are older than all others.
 */
final class Ids {
  private static final long FIRST_IMPORTED = -(1L << 62);
  private static final long AT_ONCE = 1_024;

  private Ids() {}

  static String text(long id) {
    return id >= 0 ? Long.toString(id) : "i" + (id - FIRST_IMPORTED);
  }

  /** The id; {@link Long#MIN_VALUE} if the text is none. */
  static long parse(String text) {
    try {
      if (text.startsWith("i")) {
        long number = Long.parseLong(text.substring(1));
        return number > 0 && number < -FIRST_IMPORTED ? FIRST_IMPORTED + number : Long.MIN_VALUE;
      }
      long id = Long.parseLong(text);
      return id >= 0 ? id : Long.MIN_VALUE;
    } catch (NumberFormatException e) {
      return Long.MIN_VALUE;
    }
  }

  /**
   * The lowest id of an imported event received then (microseconds), which had the id {@code was},
   * so that they are in the order of receipt whatever the order of import: each microsecond has
   * {@value #AT_ONCE}, and a batch that was received in one has ids in a row.
   */
  static long firstImported(long received, long was) {
    long within = Math.max(1, Math.min(received, -FIRST_IMPORTED / AT_ONCE - 1));
    return FIRST_IMPORTED + within * AT_ONCE + Math.floorMod(was, AT_ONCE);
  }
}
