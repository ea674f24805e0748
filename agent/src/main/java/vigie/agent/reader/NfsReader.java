package vigie.agent.reader;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * /proc/net/rpc/nfs or nfsd: what this machine asked file servers for, or did as one. Each line is
 * a word and its numbers. Source: the kernel's net/sunrpc/stats.c and fs/nfsd/stats.c.
 */
public final class NfsReader implements AutoCloseable {
  private static final int MAX_NUMBERS = 256;
  private static final double[] NONE = {};

  private final KernelFile file;
  private final Map<String, double[]> lines = new HashMap<>();
  private final double[] numbers = new double[MAX_NUMBERS];

  private NfsReader(Path path) {
    file = new KernelFile(path);
  }

  /** What this machine asked for. */
  public static NfsReader client(Roots roots) {
    return new NfsReader(roots.procfs().resolve("net/rpc/nfs"));
  }

  /** What this machine did as a file server. */
  public static NfsReader server(Roots roots) {
    return new NfsReader(roots.procfs().resolve("net/rpc/nfsd"));
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException where the kernel's module is not loaded
   * @throws IOException when the file is there and cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.readOrNoData();
    lines.clear();
    while (in.line() && lines.size() < MAX_NUMBERS) {
      if (!in.field()) {
        continue;
      }
      String word = in.text();
      int count = 0;
      while (count < MAX_NUMBERS && in.field()) {
        numbers[count++] = in.takenNumber();
      }
      lines.put(word, Arrays.copyOf(numbers, count));
    }
  }

  /** The number at {@code index} of a line; NaN where it is missing. */
  public double number(String line, int index) {
    double[] values = lines.getOrDefault(line, NONE);
    return index < values.length ? values[index] : Double.NaN;
  }

  @Override
  public void close() {
    file.close();
  }
}
