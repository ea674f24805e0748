package vigie.agent.reader;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program of the system that is run for what neither Java nor a file tells. Never on the path of
 * a scrape.
 *
 * @param exit its exit code
 * @param text what it printed, at most what a pipe holds
 */
record Program(int exit, String text) {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final int MAX_BYTES = 1 << 16;

  /**
   * Runs it and waits for its end, at most ten seconds.
   *
   * @param errors whether what it says on its other stream is wanted too
   * @throws IOException when there is no such program, or it did not end in time
   */
  static Program run(List<String> command, boolean errors) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    if (errors) {
      builder.redirectErrorStream(true);
    } else {
      builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    }
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      // Little is printed, so that the pipe never fills and the program can end unread.
      if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(command.get(0) + " did not end within " + LIMIT.toSeconds() + " s");
      }
      byte[] bytes = process.getInputStream().readNBytes(MAX_BYTES);
      return new Program(process.exitValue(), new String(bytes, StandardCharsets.UTF_8));
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + command.get(0) + " ran", stopping);
    } finally {
      process.destroyForcibly();
    }
  }
}
