package vigie.collector.web;

import java.util.Locale;

/**
 * Who asks.
 *
 * @param user {@code ""} where nobody was asked who they are
 * @param how they showed it
 * @param operator whether they may change something
 */
record Visitor(String user, How how, boolean operator) {
  /** How somebody showed who they are. */
  enum How {
    NONE,
    SESSION,
    BASIC,
    PROXY,
    CERTIFICATE;

    /** As the API says it. */
    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** As the API says it. */
  String role() {
    return operator ? "operator" : "viewer";
  }

  /** Whether its browser sends what shows it without being asked, to whatever page. */
  boolean needsToken() {
    return how == How.SESSION || how == How.PROXY;
  }
}
