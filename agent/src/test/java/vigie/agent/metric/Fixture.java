package vigie.agent.metric;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.agent.reader.InodeReader;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Statfs;
import vigie.base.time.ManualClock;

/** A tree of a real host under {@code fixtures/}. */
public final class Fixture {
  private final Path folder;

  public Fixture(String name) {
    folder = Path.of("src/test/resources/fixtures", name).toAbsolutePath();
  }

  public Path folder() {
    return folder;
  }

  public Roots roots() {
    return new Roots(folder.resolve("proc"), folder.resolve("sys"), folder.resolve("root"));
  }

  /** The node's metrics over the tree; all on the calling thread. */
  public NodeMetrics metrics() throws IOException {
    ManualClock clock = new ManualClock();
    clock.advance(Duration.ofMillis(250));
    Map<Path, long[]> sizes = new HashMap<>();
    StringBuilder inodes = new StringBuilder();
    for (String line : Files.readAllLines(folder.resolve("statfs"))) {
      String[] fields = line.split(" ");
      long[] numbers = new long[3];
      for (int i = 0; i < 3; i++) {
        numbers[i] = Long.parseLong(fields[i + 1]);
      }
      sizes.put(folder.resolve("root" + fields[0]).normalize(), numbers);
      inodes.append(fields[4]).append(' ').append(fields[5]).append("\\n");
    }
    Statfs statfs = path -> new Sizes(sizes.get(path));
    List<String> command = List.of("sh", "-c", "printf '" + inodes + "'");
    InodeReader inodeReader = new InodeReader(command, clock, Runnable::run);
    return NodeMetrics.of(roots(), clock, ZoneOffset.UTC, statfs, inodeReader, Runnable::run);
  }

  private record Sizes(long[] numbers) implements Statfs.Volume {
    Sizes {
      if (numbers == null) {
        throw new IllegalArgumentException("not in the statfs file");
      }
    }

    @Override
    public long size() {
      return numbers[0];
    }

    @Override
    public long free() {
      return numbers[1];
    }

    @Override
    public long available() {
      return numbers[2];
    }
  }
}
