package vigie.collector.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import sun.misc.Signal;
import vigie.base.time.Clock;

/**
 * Draws the same thing again and again until Ctrl-C: on a terminal in place, on its other screen,
 * so that what was there before is there after; elsewhere one below the other.
 */
final class Watch {
  private static final String OTHER_SCREEN = "\u001b[?1049h\u001b[?25l";
  private static final String FIRST_SCREEN = "\u001b[?25h\u001b[?1049l";
  private static final String HOME = "\u001b[H";
  private static final String REST_OF_LINE = "\u001b[K";
  private static final String REST_OF_SCREEN = "\u001b[J";

  private final PrintWriter out;
  private final Duration every;
  private volatile CompletableFuture<Boolean> resized = new CompletableFuture<>();

  Watch(PrintWriter out, Duration every) {
    this.out = out;
    this.every = every;
  }

  /**
   * Goes on until the process is ended.
   *
   * @param title the first line, without the time
   * @param draw prints what is to be seen; a {@link CliException} is seen in its place
   */
  void run(String title, Consumer<PrintWriter> draw) throws InterruptedException {
    boolean screen = Terminal.isThere();
    if (screen) {
      out.print(OTHER_SCREEN);
      for (String name : List.of("INT", "TERM", "HUP")) {
        Signal.handle(new Signal(name), signal -> leave(128 + signal.getNumber()));
      }
      Signal.handle(new Signal("WINCH"), signal -> resized.complete(true));
    }
    while (true) {
      StringWriter drawn = new StringWriter();
      PrintWriter into = new PrintWriter(drawn);
      try {
        draw.accept(into);
      } catch (CliException e) {
        into.println(e.getMessage());
      }
      into.flush();
      String head = title + "  " + Times.withZone(Clock.system().now().toString());
      if (screen) {
        int[] size = Terminal.size();
        print(frame(head, drawn.toString().lines().toList(), size[0], size[1]));
      } else {
        print(head + System.lineSeparator() + drawn + System.lineSeparator());
      }
      await();
    }
  }

  /** Written over what is there: no flicker, unlike clearing first. Fits the screen exactly. */
  static String frame(String head, List<String> lines, int rows, int columns) {
    StringBuilder frame = new StringBuilder(HOME);
    frame.append(TextWidth.cut(head, columns)).append(REST_OF_LINE);
    frame.append("\r\n").append(REST_OF_LINE);
    int room = Math.max(1, rows - 2);
    int shown = lines.size() > room ? room - 1 : lines.size();
    for (String line : lines.subList(0, shown)) {
      frame.append("\r\n").append(line).append(REST_OF_LINE);
    }
    if (shown < lines.size()) {
      String more = "… and " + (lines.size() - shown) + " more lines";
      frame.append("\r\n").append(TextWidth.cut(more, columns)).append(REST_OF_LINE);
    }
    return frame.append(REST_OF_SCREEN).toString();
  }

  private void await() throws InterruptedException {
    try {
      resized.get(every.toMillis(), TimeUnit.MILLISECONDS);
      resized = new CompletableFuture<>();
    } catch (TimeoutException e) {
      // The usual case: look again.
    } catch (ExecutionException e) {
      throw new IllegalStateException("BUG: a wait that nobody fails has failed", e);
    }
  }

  private synchronized void print(String text) {
    out.print(text);
    out.flush();
  }

  /** At once, whatever the loop waits for; no frame comes behind it. */
  private synchronized void leave(int exitCode) {
    out.print(FIRST_SCREEN);
    out.flush();
    Runtime.getRuntime().halt(exitCode);
  }
}
