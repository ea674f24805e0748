package vigie.collector.cli;

import java.io.PrintWriter;

/** How far a long command is: one line of a terminal, written over; nothing where there is none. */
final class Progress {
  private static final String ERASED = "\r\u001b[K";
  private final PrintWriter err;
  private final boolean shown = System.console() != null && System.getenv("TERM") != null;

  Progress(PrintWriter err) {
    this.err = err;
  }

  void say(String how) {
    if (shown) {
      err.print(ERASED + how);
      err.flush();
    }
  }

  /** The last word, also for a log. */
  void end(String how) {
    err.println((shown ? ERASED : "") + how);
    err.flush();
  }
}
