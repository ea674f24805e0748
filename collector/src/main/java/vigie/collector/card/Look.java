package vigie.collector.card;

import vigie.collector.alert.Severity;

/** How a severity looks. */
public final class Look {
  private Look() {}

  /** One sign that stands for it. */
  public static String sign(Severity severity) {
    return switch (severity) {
      case CRITICAL -> "🔴";
      case WARNING, OTHER -> "🟠";
      case INFO -> "🔵";
    };
  }

  /** 0xRRGGBB. */
  public static int colour(Severity severity) {
    return switch (severity) {
      case CRITICAL -> 0xd83a3a;
      case WARNING, OTHER -> 0xe8912d;
      case INFO -> 0x3b82d0;
    };
  }
}
