package vigie.agent.probe;

import java.util.Map;

/** A part of a module that holds what may be secret, and says what of it may be shown. */
interface Shown {
  /** By key, in order; what is null or empty is left out. */
  Map<String, Object> shown();

  /** A text of which only the length is shown. */
  record Length(int characters) {
    static Length of(String text) {
      return new Length(text.length());
    }
  }
}
