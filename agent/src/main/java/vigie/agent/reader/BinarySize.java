package vigie.agent.reader;

/** Sizes as bcache and bcachefs write them: {@code 1.5k}, {@code -20.4G}, powers of 1024. */
final class BinarySize {
  private static final String UNITS = "kMGTPEZY";

  /** What bcache writes behind the point are not tenths, but hundredths of 1024ths. */
  private static final double BCACHE_TENTHS = 10.24;

  private BinarySize() {}

  /** A size in whole bytes; NaN when the text is none. */
  static double parse(String text) {
    return parse(text, false);
  }

  /** The same as the kernel's {@code bch_hprint} writes it. */
  static double ofBcache(String text) {
    return parse(text, true);
  }

  private static double parse(String text, boolean bcache) {
    int end = text.length();
    double by = 1;
    if (end > 0 && Character.isLetter(text.charAt(end - 1))) {
      char unit = text.charAt(end - 1) == 'K' ? 'k' : text.charAt(end - 1);
      if (UNITS.indexOf(unit) < 0) {
        return Double.NaN;
      }
      by = Math.pow(1024, UNITS.indexOf(unit) + 1);
      end--;
    }
    String number = text.substring(0, end).strip();
    int point = number.indexOf('.');
    try {
      double size;
      if (point < 0) {
        size = Long.parseLong(number);
      } else if (bcache) {
        double whole = Long.parseLong(number.substring(0, point));
        double tenths = Integer.parseUnsignedInt(number.substring(point + 1)) / BCACHE_TENTHS;
        size = number.startsWith("-") ? whole - tenths : whole + tenths;
      } else {
        Long.parseLong(number.replace(".", "")); // Java would take 1e5 and 0x1p3 too
        size = Double.parseDouble(number);
      }
      return size >= 0 ? Math.floor(size * by) : Math.ceil(size * by);
    } catch (NumberFormatException notASize) {
      return Double.NaN;
    }
  }
}
