package vigie.collector.scrape;

/** What a target answered is no exposition; the message says where and why. */
final class ExpositionException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ExpositionException(String message) {
    super(message, null, false, false);
  }
}
