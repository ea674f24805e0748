package vigie.collector.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** The terminal that a person looks at, where there is one. */
final class Terminal {
  private static final int USUAL_WIDTH = 120;
  private static final int USUAL_HEIGHT = 40;

  private Terminal() {}

  /** Whether input and output are a terminal. */
  static boolean isThere() {
    return System.console() != null;
  }

  /** On a terminal that knows colours, unless NO_COLOR is set and not empty. */
  static boolean isColourWanted() {
    String no = System.getenv("NO_COLOR");
    return isThere() && (no == null || no.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
  }

  /** Columns; 0 where the output is no terminal. */
  static int width() {
    return isThere() ? size()[1] : 0;
  }

  /** Rows and columns now. */
  static int[] size() {
    int rows = fromEnvironment("LINES", USUAL_HEIGHT);
    int columns = fromEnvironment("COLUMNS", USUAL_WIDTH);
    try {
      Process stty =
          new ProcessBuilder("stty", "size").redirectInput(ProcessBuilder.Redirect.INHERIT).start();
      String answer =
          new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
      if (stty.waitFor(1, TimeUnit.SECONDS) && answer.matches("[1-9]\\d{0,3} [1-9]\\d{0,3}")) {
        String[] both = answer.split(" ", 2);
        rows = Integer.parseInt(both[0]);
        columns = Integer.parseInt(both[1]);
      }
    } catch (IOException e) {
      // No stty here: a usual size does.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new int[] {rows, columns};
  }

  private static int fromEnvironment(String name, int otherwise) {
    String text = System.getenv(name);
    return text != null && text.matches("[1-9]\\d{0,3}") ? Integer.parseInt(text) : otherwise;
  }
}
