package vigie.agent.source;

import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * Which lines belong to the record before them.
 *
 * @param start for {@code START}: what the first line of a record matches
 */
record Joining(Kind kind, @Nullable LogRegex start) {
  static final Joining NONE = new Joining(Kind.NONE, null);

  enum Kind {
    NONE,
    JAVA,
    PYTHON,
    START
  }

  /** The key {@code multiline}: {@code java}, {@code python} or {@code {start: RE}}. */
  static Joining read(Section section) {
    Value value = section.value("multiline");
    if (value == null) {
      return NONE;
    }
    if (value.isSection()) {
      Section own = value.section();
      Value start = own.value("start");
      LogRegex regex = start == null ? null : LogRegex.read(start);
      if (start == null) {
        own.requiredString("start");
      }
      own.end();
      return regex == null ? NONE : new Joining(Kind.START, regex);
    }
    String text = value.string();
    if ("java".equals(text)) {
      return new Joining(Kind.JAVA, null);
    }
    if ("python".equals(text)) {
      return new Joining(Kind.PYTHON, null);
    }
    if (text != null) {
      value.fault("multiline \"" + text + "\" must be java, python or {start: REGEX}");
    }
    return NONE;
  }

  /** One that goes along with one file. */
  Run run() {
    return new Run(this);
  }

  /** What the lines so far were. Not safe for several threads. */
  static final class Run {
    private final Joining joining;
    private Trace trace = Trace.NONE;

    private enum Trace {
      NONE,
      /** Behind {@code Traceback}: indented lines, then the exception. */
      FRAMES,
      /** Behind the exception: maybe a blank line and another trace. */
      ENDED
    }

    private Run(Joining joining) {
      this.joining = joining;
    }

    /** Whether this line, the next one, belongs to the record before it. */
    boolean joins(String line) {
      return switch (joining.kind) {
        case NONE -> false;
        case JAVA -> joinsJava(line);
        case PYTHON -> joinsPython(line);
        case START -> joining.start != null && joining.start.find(line) == null;
      };
    }

    private static boolean joinsJava(String line) {
      return (isIndented(line) && !line.isBlank())
          || line.startsWith("Caused by: ")
          || line.startsWith("Suppressed: ")
          || isThrowable(line);
    }

    /** {@code org.example.SomeException: text} or without a text: a class with its package. */
    private static boolean isThrowable(String line) {
      int end = line.indexOf(':');
      String name = end < 0 ? line : line.substring(0, end);
      int dot = name.lastIndexOf('.');
      if (dot <= 0 || dot + 1 >= name.length() || !Character.isUpperCase(name.charAt(dot + 1))) {
        return false;
      }
      return Character.isLowerCase(name.charAt(0))
          && name.chars().allMatch(c -> c == '.' || Character.isJavaIdentifierPart(c));
    }

    private boolean joinsPython(String line) {
      if (line.equals("Traceback (most recent call last):")) {
        trace = Trace.FRAMES;
        return true;
      }
      if (trace == Trace.FRAMES) {
        trace = isIndented(line) || line.isEmpty() ? Trace.FRAMES : Trace.ENDED;
        return true;
      }
      if (trace == Trace.ENDED
          && (line.isBlank()
              || line.startsWith("During handling of the above exception")
              || line.startsWith("The above exception was the direct cause"))) {
        return true;
      }
      trace = Trace.NONE;
      return false;
    }

    private static boolean isIndented(String line) {
      return !line.isEmpty() && (line.charAt(0) == ' ' || line.charAt(0) == '\t');
    }
  }
}
