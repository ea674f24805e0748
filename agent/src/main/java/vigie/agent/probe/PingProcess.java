package vigie.agent.probe;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@code ping} at work, whose lines are taken as they come without ever waiting for one, so that
 * it needs no thread of ours. Its lines are guarded by itself.
 */
final class PingProcess implements AutoCloseable {
  private static final int MOST_LINE = 512;

  private final InetAddress to;
  private final Duration every;
  private final Process process;
  private final InputStream in;
  private final byte[] line = new byte[MOST_LINE];
  private int length;

  private PingProcess(InetAddress to, Duration every, Process process) {
    this.to = to;
    this.every = every;
    this.process = process;
    this.in = process.getInputStream();
  }

  /**
   * Starts one; this may take a moment.
   *
   * @param every between packets; zero for one that sends a single packet
   * @throws IOException if it cannot be started
   */
  static PingProcess start(List<String> command, InetAddress to, Duration every)
      throws IOException {
    Process process = ChildProcess.builder(command, Map.of()).redirectErrorStream(true).start();
    return new PingProcess(to, every, process);
  }

  InetAddress to() {
    return to;
  }

  Duration every() {
    return every;
  }

  long pid() {
    return process.pid();
  }

  /** Whether more lines may come. Ask before taking the last ones. */
  boolean isAlive() {
    return process.isAlive();
  }

  /** The next whole line, or null where there is none now. */
  synchronized @Nullable PingLine next() {
    try {
      while (in.available() > 0) {
        int b = in.read();
        if (b == '\n' || b < 0) {
          String text = new String(line, 0, length, StandardCharsets.UTF_8);
          length = 0;
          return PingLine.parse(text);
        }
        if (length < line.length) {
          line[length++] = (byte) b;
        }
      }
    } catch (IOException e) {
      // The pipe is closed: that it is not alive tells the rest.
    }
    return null;
  }

  /** Ends it, whatever it does. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      in.close();
    } catch (IOException e) {
      // There is nothing to lose of what was only read from.
    }
  }
}
